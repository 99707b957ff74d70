#include "nearest.hpp"

#include <algorithm>
#include <numeric>

namespace earshot::kit {

namespace {

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

std::string did_you_mean(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t longest = 100;  // of names; a longer text is none
  const std::string* best = nullptr;
  auto best_distance = std::max<std::size_t>(name.size() / 2, 1) + 1;
  for (const auto& candidate : known) {
    if (name.size() > longest || candidate.size() > longest) continue;
    const auto far = distance(name, candidate);
    if (far < best_distance) best = &candidate, best_distance = far;
  }
  return best == nullptr ? "" : "; did you mean '" + *best + "'?";
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i)
    text += (i == 0 ? "'" : ", '") + names[i] + "'";
  return text +
         (names.size() > most ? " and " + std::to_string(names.size() - most) + " more" : "");
}

}  // namespace earshot::kit
