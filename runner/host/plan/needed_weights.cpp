#include "host/plan/needed_weights.hpp"

#include <algorithm>
#include <set>

#include "host/experiment/sources.hpp"
#include "host/plan/components.hpp"
#include "host/plan/datasets.hpp"

namespace earshot::host {

namespace {

class Collector {
 public:
  Collector(const Experiment& experiment, const Components& components)
      : experiment_(experiment), components_(components) {}

  void add(const std::shared_ptr<const Component>& component) {
    if (component == nullptr || !seen_.insert(component).second) return;
    for (const auto& [option, weights] : components_.locate(component).checkpoints)
      if (!weights.source.empty()) add(weights, name_of(component->table) + " " + component->label);
    check_sources(experiment_, *component);
    for (const auto& label : component->from())
      add(std::make_shared<const Component>(*experiment_.find(Table::encoder, label)));
    if (const auto* pretraining = experiment_.pretraining(component->table, component->label))
      add(std::make_shared<const Component>(pretraining->trainer));
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
  std::set<std::shared_ptr<const Component>> seen_{};
  std::vector<NeededWeights> needed_{};
};

}  // namespace

std::vector<NeededWeights> needed_weights(const Experiment& experiment, const Overrides& overrides,
                                          const Catalog& catalog, PluginQueries& queries,
                                          HashCache& hashes, const std::filesystem::path& cache) {
  Components components(experiment, catalog, hashes);
  Datasets datasets(queries, hashes, cache);
  const auto cells = expand(experiment, overrides, [&](const CellComponent& dataset) {
    return datasets.find(components.find(dataset.component)).info.folds;
  });
  Collector collector(experiment, components);
  for (const auto& cell : cells) {
    if (!cell.excluded.empty() || !cell.selected) continue;
    for (const auto* part :
         {&cell.encoder, &cell.mapper, &cell.language_model, &cell.task, &cell.dataset})
      collector.add(part->component);
  }
  return collector.take();
}

}  // namespace earshot::host
