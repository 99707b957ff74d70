#include "host/plan/planner.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "host/base/defaults.hpp"
#include "host/base/installation.hpp"
#include "host/plan/cell_planner.hpp"
#include "host/plan/checks.hpp"
#include "host/plan/history.hpp"
#include "host/store/run_lookup.hpp"

namespace earshot::host {

namespace {

std::string axes_but_seed(const Cell& cell) {
  std::string axes;
  for (const auto& [axis, value] : cell.axes)
    if (axis != "seed") axes += axis + '=' + value.text() + '\n';
  return axes;
}

/// Excludes all but the first of the cells that differ only in a seed that their evaluator does not
/// use, and so share a key.
void exclude_unused_seeds(Plan& plan) {
  std::set<std::pair<std::string, std::string>> first;  // key, axes
  struct Seeds {
    std::set<std::int64_t> all{}, run{};
  };
  std::map<std::string, Seeds> seeds;  // by evaluator
  for (auto& cell : plan.cells) {
    if (cell.key.empty() || cell.decision == Decision::excluded || cell.identity.seed) continue;
    const auto& name = cell.evaluator->component;
    seeds[name].all.insert(cell.cell.seed);
    if (first.emplace(cell.key, axes_but_seed(cell.cell)).second) {
      seeds[name].run.insert(cell.cell.seed);
      continue;
    }
    cell.decision = Decision::excluded;
    cell.reason = "the seed has no effect on '" + name + "'";
    cell.cell.excluded = cell.reason;
  }
  for (const auto& [name, of] : seeds)
    if (of.run.size() < of.all.size())
      plan.notes.push_back(
          "the seed has no effect on '" + name + "': " + std::to_string(of.run.size()) + " of " +
          std::to_string(of.all.size()) + (of.run.size() == 1 ? " seeds runs" : " seeds run"));
}

/// Leaves out all but the first of the cells that differ only in their labels; the others show its
/// results.
void skip_duplicates(Plan& plan) {
  std::map<std::string, std::string> first;
  for (auto& cell : plan.cells) {
    if (cell.decision != Decision::run) continue;
    const auto [place, fresh] = first.try_emplace(cell.key, cell.cell.label());
    if (fresh) continue;
    cell.decision = Decision::left_out;
    cell.reason = "identical to " + place->second;
  }
}

std::vector<std::string> keys_of(const Plan& plan) {
  std::vector<std::string> keys;
  for (const auto& cell : plan.cells)
    if (cell.decision == Decision::run) keys.push_back(cell.key);
  return keys;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// Whether the store has results of this experiment other than the finished ones: only then can a
/// cell have changed.
bool has_other_results(const Store& store, const std::string& experiment,
                       const std::set<std::string>& finished) {
  const auto recorded = finished_keys(store, experiment);
  return !std::includes(finished.begin(), finished.end(), recorded.begin(), recorded.end());
}

void decide(Plan& plan, const Store* store) {
  const auto keys = keys_of(plan);
  if (store == nullptr || keys.empty()) {
    for (auto& cell : plan.cells)
      if (cell.decision == Decision::run) cell.reason = "new";
    return;
  }
  const auto finished = store->finished(keys);
  const auto failures = store->last_failures(keys);
  const bool revised = has_other_results(*store, plan.experiment.name, finished);
  for (auto& cell : plan.cells) {
    if (cell.decision != Decision::run) continue;
    if (finished.contains(cell.key)) {
      cell.decision = Decision::cached;
      cell.reason = "done";
      continue;
    }
    cell.reason = "new";
    const auto failure = failures.find(cell.key);
    if (failure != failures.end()) {
      cell.reason = first_line(failure->second.state + " before: " + failure->second.error);
      continue;
    }
    const auto before =
        revised ? store->previous_identity(plan.experiment.name, cell.cell.axes.pairs()) : Json();
    if (!before.is_null()) cell.reason = changes(before, cell.identity.json());
  }
}

// In s. A limit that suits a cell may be too short to list a dataset; a limit above the second is
// as good as none, and fits into ms.
constexpr double shortest_timeout = 5, longest_timeout = 1e9;

void note_unmatched_references(Plan& plan) {
  for (const auto& reference : plan.experiment.references) {
    const bool matched = std::any_of(plan.cells.begin(), plan.cells.end(), [&](const auto& cell) {
      return reference.match.holds(cell.cell.axes);
    });
    if (!matched)
      plan.notes.push_back(reference.match.position.text() +
                           ": this [[reference]] matches no cell");
  }
}

}  // namespace

Plan make_plan(const Experiment& experiment, const Overrides& overrides, const Catalog& catalog,
               PluginQueries& queries, HashCache& hashes, const std::filesystem::path& cache,
               const Store* store) {
  Plan plan;
  plan.experiment = experiment;
  Components components(experiment, catalog, hashes);
  Datasets datasets(queries, hashes, cache);
  CellPlanner planner(experiment, components, datasets, queries, cache, plan);
  auto cells = expand(experiment, overrides, [&](const CellComponent& dataset) {
    return datasets.find(components.find(dataset.component)).info.folds;
  });
  plan.cells.reserve(cells.size());
  for (auto& cell : cells)
    plan.cells.push_back(planner.plan(std::move(cell)));
  exclude_unused_seeds(plan);
  check_names(plan);
  note_unmatched_references(plan);
  for (auto& note : datasets.notes())
    plan.notes.push_back(std::move(note));
  decide(plan, store);
  skip_duplicates(plan);
  return plan;
}

KnownPlugins::KnownPlugins(const PlanSettings& settings)
    : hashes(settings.cache),
      worker(settings.worker, settings.limits, settings.progress),
      queries(worker, hashes, settings.cache, hashes.sha256(worker_file())),
      catalog(plugin_files(settings.plugin_paths), queries, hashes) {
  hashes.save();
}

Plan make_plan(const Experiment& experiment, const Overrides& overrides,
               const PlanSettings& settings, const Store* store) {
  auto limited = settings;
  const auto& resources = experiment.resources;
  if (resources.timeout > 0)
    limited.limits.time = std::chrono::milliseconds(
        std::llround(std::clamp(resources.timeout, shortest_timeout, longest_timeout) * 1000));
  if (resources.memory > 0) limited.limits.memory = resources.memory;
  KnownPlugins known(limited);
  if (settings.warn)
    for (const auto& plugin : known.catalog.refused())
      settings.warn(plugin.path + ": the plugin is refused: " + plugin.reason);
  auto plan = make_plan(experiment, overrides, known.catalog, known.queries, known.hashes,
                        settings.cache, store);
  known.hashes.save();
  return plan;
}

std::filesystem::path cache_folder(const std::string& given, const std::filesystem::path& results) {
  if (!given.empty()) return given;
  const char* folder = std::getenv("EARSHOT_CACHE_DIR");
  if (folder != nullptr && *folder != '\0') return folder;
  if (!defaults().cache.empty()) return defaults().cache;
  return results.parent_path() / "cache";
}

}  // namespace earshot::host
