#include "shared/nearest.hpp"

#include <algorithm>
#include <numeric>

#include "shared/message_text.hpp"

namespace earshot::shared {

namespace {

/// Number of letters to add, drop, change or swap with the next one (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({last[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0), last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last.back();
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t telling = 3;  // letters: a shorter beginning says too little
  std::string best;
  if (name.size() >= telling)
    for (const auto& candidate : known)
      if (candidate.starts_with(name) && (best.empty() || candidate.size() < best.size()))
        best = candidate;
  if (!best.empty()) return best;
  auto best_distance = std::max<std::size_t>(name.size() / 3, 1) + 1;
  constexpr std::size_t longest = 100;  // letters of a name; comparing takes their square
  for (const auto& candidate : known) {
    if (name.size() > longest || candidate.size() > longest) continue;
    const auto d = distance(name, candidate);
    if (d < best_distance) best = candidate, best_distance = d;
  }
  return best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& known) {
  const auto best = nearest(name, known);
  return best.empty() ? "" : "; did you mean " + in_quotes(best) + "?";
}

std::string join(const std::vector<std::string>& words, bool quote) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += ", ";
    text += quote ? in_quotes(word) : word;
  }
  return text;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 10;
  if (names.size() <= most) return join(names, true);
  return join({names.begin(), names.begin() + most}, true) + " and " +
         std::to_string(names.size() - most) + " more";
}

}  // namespace earshot::shared
