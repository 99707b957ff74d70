#include "text_pool.hpp"

#include <algorithm>

namespace reasonaqa {

std::uint32_t TextPool::add(std::string_view text) {
  const auto known = numbers_.find(text);
  if (known != numbers_.end()) return known->second;
  const auto number = append(text);
  numbers_.emplace(texts_[number], number);
  return number;
}

std::uint32_t TextPool::append(std::string_view text) {
  constexpr std::size_t block = 1 << 20;
  if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < text.size())
    blocks_.emplace_back().reserve(std::max(block, text.size()));
  auto& letters = blocks_.back();
  const auto start = letters.size();
  letters.append(text);  // within its capacity, so nothing is reallocated
  texts_.push_back(std::string_view(letters).substr(start));
  return static_cast<std::uint32_t>(texts_.size() - 1);
}

}  // namespace reasonaqa
