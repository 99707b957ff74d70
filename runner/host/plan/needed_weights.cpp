#include "host/plan/needed_weights.hpp"

#include <algorithm>
#include <set>

#include "host/plan/components.hpp"
#include "host/plan/datasets.hpp"

namespace earshot::host {

namespace {

class Collector {
 public:
  Collector(const Experiment& experiment, const Components& components)
      : experiment_(experiment), components_(components) {}

  void add(const std::string& table, const CellComponent& component) {
    if (component.label.empty()) return;
    if (!seen_.insert(table + '\n' + component.label + '\n' + component.options.dump()).second)
      return;
    for (const auto& [option, weights] : components_.locate(table, component).checkpoints)
      if (!weights.source.empty()) add(weights, table + " " + component.label);
    const auto& trainings = experiment_.components.find("pretrain");
    if (trainings == experiment_.components.end()) return;
    const auto trainer = trainings->second.find(table + "." + component.label);
    if (trainer == trainings->second.end()) return;
    add("pretrain",
        {.label = trainer->first, .use = trainer->second.use, .options = trainer->second.options});
  }
  std::vector<NeededWeights> take() { return std::move(needed_); }

 private:
  void add(const Weights& weights, const std::string& user) {
    const auto same = std::find_if(needed_.begin(), needed_.end(), [&](const auto& other) {
      return other.weights.source == weights.source && other.weights.path == weights.path &&
             other.weights.missing == weights.missing;
    });
    if (same == needed_.end()) {
      needed_.push_back({weights, {user}});
    } else if (std::find(same->users.begin(), same->users.end(), user) == same->users.end()) {
      same->users.push_back(user);
    }
  }

  const Experiment& experiment_;
  const Components& components_;
  std::set<std::string> seen_{};
  std::vector<NeededWeights> needed_{};
};

}  // namespace

std::vector<NeededWeights> needed_weights(const Experiment& experiment, const Overrides& overrides,
                                          const Catalog& catalog, Informant& informant,
                                          StampTable& stamps, const std::filesystem::path& cache) {
  Components components(experiment, catalog, stamps);
  Datasets datasets(informant, stamps, cache);
  const auto cells = expand(experiment, overrides, [&](const CellComponent& dataset) {
    return datasets.find(components.find("dataset", dataset)).info.folds;
  });
  Collector collector(experiment, components);
  for (const auto& cell : cells) {
    if (!cell.excluded.empty() || !cell.selected) continue;
    collector.add("encoder", cell.encoder);
    collector.add("mapper", cell.mapper);
    collector.add("language_model", cell.language_model);
    collector.add("task", cell.task);
    collector.add("dataset", cell.dataset);
  }
  return collector.take();
}

}  // namespace earshot::host
