#include "worker/stage/warnings.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <ATen/ATen.h>

namespace earshot::worker {

std::string constant_predictions(const Outcomes& outcomes) {
  const auto& all = outcomes.predictions;
  if (all.size() < 2) return "";
  const bool same = std::all_of(all.begin(), all.end(), [&](const Prediction& one) {
    return one.value == all.front().value && one.scores == all.front().scores &&
           one.output == all.front().output && one.measures == all.front().measures;
  });
  const auto& first = all.front();
  if (!same || (!first.value && first.scores.empty())) return "";
  return std::string(first.scores.empty() ? "the prediction is" : "the scores are") +
         " the same for all " + std::to_string(all.size()) +
         " test items, so nothing distinguishes them";
}

std::string constant_features(Trial& trial, const std::string& encoder) {
  constexpr std::int64_t most = 32;
  const auto size = trial.size(Split::test), count = std::min(most, size);
  at::Tensor first;
  std::string clip;
  std::int64_t others = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = i * size / count;
    const auto item = trial.item(Split::test, index);
    const auto& used = item.clips.front();
    const auto name = used.file.empty() ? item.id : used.file.string();
    const auto where = name + " " + std::to_string(used.start);
    const auto values = trial.features(Split::test, index).values[0];
    if (!first.defined()) {
      first = values;
      clip = where;
      continue;
    }
    // Clips of different lengths are compared over the shorter one.
    const auto frames = std::min(first.size(0), values.size(0));
    if (!at::equal(first.narrow(0, 0, frames), values.narrow(0, 0, frames))) return "";
    others += where == clip ? 0 : 1;
  }
  if (others == 0) return "";
  return "the features of encoder '" + encoder + "' are the same for all of " +
         std::to_string(others + 1) + " test clips, so it distinguishes nothing";
}

std::vector<std::string> notes_in(const std::string& folder) {
  std::vector<std::string> lines;
  if (folder.empty()) return lines;
  std::ifstream file(std::filesystem::path(folder) / "notes.txt");
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

}  // namespace earshot::worker
