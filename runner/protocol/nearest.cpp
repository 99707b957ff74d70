#include "protocol/nearest.hpp"

#include <algorithm>
#include <numeric>

namespace earshot::protocol {

namespace {

/// Levenshtein distance; names are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (const char letter : a) {
    auto corner = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto change = corner + (letter != b[j] ? 1 : 0);
      corner = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, corner + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  auto best_distance = std::max<std::size_t>(name.size() / 2, 1) + 1;
  for (const auto& candidate : known) {
    const auto d = distance(name, candidate);
    if (d < best_distance) best = candidate, best_distance = d;
  }
  return best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& known) {
  const auto best = nearest(name, known);
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

std::string join(const std::vector<std::string>& words, bool quote) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += ", ";
    text += quote ? "'" + word + "'" : word;
  }
  return text;
}

}  // namespace earshot::protocol
