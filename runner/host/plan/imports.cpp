#include "host/plan/imports.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "host/base/failure.hpp"
#include "host/store/run_lookup.hpp"
#include "protocol/hash.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

constexpr const char* content = "imported";  // in the identity of such a cell

/// What of a cell's identity its predictions are scored by.
Json scored_by(const Json& identity) {
  Json parts = Json::object();
  for (const auto* name :
       {"dataset", "evaluator", "interval_version", "metrics", "replicates", "split_version"})
    parts[name] = identity.at(name);
  return parts;
}

bool is_place(const PlannedCell& cell) {
  return !cell.key.empty() && cell.decision != Decision::excluded &&
         cell.request.predict == "test" && !cell.identity.contains(content);
}

/// The axes besides encoder, seed and fold, for people and to tell variants apart.
std::string variant_of(const Cell& cell) {
  std::string text;
  for (const auto& [axis, value] : cell.axes)
    if (axis != "encoder" && axis != "seed" && axis != "fold" && axis != "task")
      text += (text.empty() ? "" : " ") + axis + "=" +
              (value.is_string() ? value.get<std::string>() : value.dump());
  return text;
}

PlannedCell with_key(const PlannedCell& place, const std::string& name, std::int64_t seed,
                     Json identity, std::string key) {
  auto planned = place;
  for (auto& [axis, value] : planned.cell.axes) {
    if (axis == "encoder") value = name;
    if (axis == "seed") value = seed;
  }
  planned.cell.encoder = {};
  planned.cell.encoder.label = name;
  planned.cell.seed = seed;
  planned.cell.selected = true;
  planned.identity = std::move(identity);
  planned.key = std::move(key);
  planned.decision = Decision::left_out;
  planned.reason = "imported";
  planned.weights = "imported";
  planned.pretrain_data = planned.in_domain = nullptr;
  planned.features.clear();
  planned.pretrain.clear();
  planned.request.features.clear();
  planned.request.mapper = {};
  planned.request.language_model = {};
  planned.request.fit_key.clear();
  planned.request.seed = seed;
  return planned;
}

}  // namespace

std::vector<PlannedCell> places_of(const Plan& plan, const std::string& task) {
  std::set<std::string> tasks, variants;
  std::map<std::int64_t, PlannedCell> folds;
  for (const auto& cell : plan.cells) {
    tasks.insert(cell.cell.task.label);
    if (cell.cell.task.label != task || !is_place(cell) || !cell.cell.selected) continue;
    variants.insert(variant_of(cell.cell));
    folds.emplace(cell.cell.fold, cell);
  }
  const auto refuse = [&](const std::string& what) {
    throw Failure(ExitCode::usage, plan.experiment.file + ": " + what);
  };
  if (!tasks.contains(task)) {
    const std::vector<std::string> known(tasks.begin(), tasks.end());
    refuse("no task '" + task + "' in its matrix; it has " + protocol::join(known, true) +
           protocol::did_you_mean(task, known));
  }
  if (folds.empty()) {
    std::string why;
    for (const auto& cell : plan.cells)
      if (cell.cell.task.label == task && why.empty()) why = cell.reason;
    refuse("task '" + task + "' has no cell that can be planned, which scoring requires: " + why);
  }
  if (variants.size() > 1)
    refuse("task '" + task +
           "' has several variants: " + protocol::join({variants.begin(), variants.end()}, true) +
           "; expected one. Choose it with --only AXIS=VALUE");
  std::vector<PlannedCell> places;
  places.reserve(folds.size());
  for (auto& [fold, cell] : folds)
    places.push_back(std::move(cell));
  return places;
}

PlannedCell imported_cell(const PlannedCell& place, const std::string& name, std::int64_t seed,
                          const std::string& sha256, bool scores) {
  auto identity = scored_by(place.identity);
  identity[content] = sha256;
  identity["seed"] = seed;
  if (scores) identity["scores"] = 1;  // before, they were not read
  auto key = protocol::sha256(identity);
  return with_key(place, name, seed, std::move(identity), std::move(key));
}

void keep_imported(Plan& plan, const Store& store) {
  const auto experiment = store.experiment(plan.experiment.name);
  if (!experiment) return;
  std::map<std::string, const PlannedCell*> places;  // by task and what scores it
  for (const auto& cell : plan.cells)
    if (is_place(cell))
      places.emplace(cell.cell.task.label + protocol::canonical(scored_by(cell.identity)), &cell);
  std::vector<PlannedCell> kept;
  for (auto& cell : imported_cells(store, *experiment)) {
    const auto place = places.find(cell.task + protocol::canonical(scored_by(cell.identity)));
    if (place != places.end())
      kept.push_back(
          with_key(*place->second, cell.system, cell.seed, std::move(cell.identity), cell.key));
  }
  std::move(kept.begin(), kept.end(), std::back_inserter(plan.cells));
}

}  // namespace earshot::host
