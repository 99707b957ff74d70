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

/// Finished runs by all that a fair pair has in common.
std::map<std::string, Setting> settings_of(const Store& store, const std::string& experiment,
                                           const std::string& key, const std::string& label) {
  Statement rows(store.connection(),
                 "SELECT e.name, m.task, m.mapper, m.language_model, m.variant, m.encoder, m.seed, "
                 "m.fold, r.run_id, c.dataset_id FROM experiment_cell m "
                 "JOIN experiment e ON e.experiment_id = m.experiment_id "
                 "JOIN cell c ON c.cell_id = m.cell_id AND c.split = 'test' "
                 "JOIN dataset d ON d.dataset_id = c.dataset_id "
                 "JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' "
                 "WHERE d.key = ? OR (e.name = ? AND m.dataset = ?)");
  rows.bind_all(key, experiment, label);
  std::map<std::string, Setting> settings;
  while (rows.step()) {
    auto name = std::to_string(rows.integer(9));
    for (int column = 0; column < 5; ++column)
      name += "\n" + rows.text(column);
    auto& setting = settings[name];
    setting.dataset = rows.integer(9);
    setting.encoders[rows.text(5)][{rows.integer(6), rows.integer(7)}] = rows.integer(8);
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

ObservedPairs observed_pairs(const Store& store, const std::string& experiment,
                             const std::string& dataset_key, const std::string& dataset_label) {
  int left = 40;
  Evidence evidence(store);
  std::vector<double> variances;
  for (const auto& [name, setting] : settings_of(store, experiment, dataset_key, dataset_label))
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
