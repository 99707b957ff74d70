#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reasonaqa {

/// Texts by index, equal ones kept once: a million rows share about 52,000 clips and their
/// captions. Index 0 is "".
class TextPool {
 public:
  TextPool() {
    numbers_.reserve(std::size_t{1} << 20);
    add("");
  }

  std::uint32_t add(std::string_view text);
  /// Adds a text without checking whether it exists already: for texts that rarely repeat.
  std::uint32_t append(std::string_view text);
  std::string_view operator[](std::uint32_t number) const { return texts_[number]; }
  std::size_t size() const { return texts_.size(); }
  /// Frees the memory that only add() needs.
  void close() { numbers_ = {}; }

 private:
  std::deque<std::string> blocks_{};  ///< of characters, never moved
  std::vector<std::string_view> texts_{};
  std::unordered_map<std::string_view, std::uint32_t> numbers_{};
};

}  // namespace reasonaqa
