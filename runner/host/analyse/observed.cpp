#include "host/analyse/observed.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "host/analyse/difference.hpp"

namespace earshot::host {
namespace {

/// Runs of one encoder, by seed and fold.
using Runs = std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t>;

struct Setting {
  std::int64_t dataset = 0;
  std::map<std::string, Runs> encoders{};
};

/// Finished runs, grouped by everything that the two runs of a fair pair have in common.
std::map<std::vector<std::string>, Setting> settings_of(const std::vector<TestRun>& runs) {
  std::map<std::vector<std::string>, Setting> settings;
  for (const auto& run : runs) {
    auto& setting = settings[{std::to_string(run.dataset_id), run.experiment, run.task, run.mapper,
                              run.language_model, run.variant}];
    setting.dataset = run.dataset_id;
    setting.encoders[run.encoder][{run.seed, run.fold}] = run.run;
  }
  return settings;
}

Condition condition_of(const Setting& setting, const Runs& base, const Runs& candidate) {
  Condition condition;
  condition.dataset_id = setting.dataset;
  for (const auto& [place, run] : base)
    if (const auto found = candidate.find(place); found != candidate.end())
      condition.pairs.push_back({run, found->second, place.first, place.second});
  return condition;
}

}  // namespace

ObservedPairs observed_pairs(const std::vector<TestRun>& runs, const Observations& observations) {
  int left = 40;
  Evidence evidence(observations);
  std::vector<double> variances;
  for (const auto& [name, setting] : settings_of(runs))
    for (auto base = setting.encoders.begin(); base != setting.encoders.end(); ++base)
      for (auto candidate = std::next(base); candidate != setting.encoders.end(); ++candidate) {
        if (left == 0) break;
        const auto condition = condition_of(setting, base->second, candidate->second);
        if (condition.pairs.empty()) continue;
        --left;
        const std::vector<Sample> samples{evidence.sample(condition, "accuracy", {})};
        if (samples.front().kind != "mean") continue;
        const auto found = difference(samples);
        if (found.interval.defined())
          variances.push_back(static_cast<double>(found.items) * found.interval.standard_error *
                              found.interval.standard_error);
      }
  if (variances.empty()) return {};
  const auto middle = variances.begin() + static_cast<std::ptrdiff_t>(variances.size() / 2);
  std::nth_element(variances.begin(), middle, variances.end());
  return {static_cast<std::int64_t>(variances.size()), *middle};
}

}  // namespace earshot::host
