#include "host/plan/history.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "host/base/failure.hpp"
#include "host/store/run_lookup.hpp"
#include "protocol/nearest.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {

namespace fs = std::filesystem;

namespace {

bool is_hash(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().size() == 64;
}

std::string brief(const Json& value, std::size_t of_hash = 4) {
  if (is_hash(value)) return value.get<std::string>().substr(0, of_hash);
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "none" : value.dump();
}

/// The name of the value at /a/b/c.
std::string name_of(const std::vector<std::string>& path, const Json& now) {
  const auto& part = path.front();
  const auto table = part == "evaluator" ? "task" : part;
  if (path.size() == 1) return part;
  if (path[1] == "pretrain" && path.size() > 2)
    return "pretraining's " + name_of({path.begin() + 2, path.end()}, now.at(part).at("pretrain"));
  if (path[1] == "from" && path.size() > 3)
    return "source's " +
           name_of({path.begin() + 3, path.end()}, now.at(part).at("from").at(std::stoul(path[2])));
  if (part == "metrics") return "the definition of metric '" + path[1] + "'";
  if (path[1] == "plugin") {
    const auto id = now.value(part, Json::object()).value("component", part);
    return id.substr(0, id.find('/')) + ".so";
  }
  if (part == "dataset" && path[1] == "key") return "the data";
  if (path[1] == "options" && path.size() > 2) return table + " option '" + path[2] + "'";
  return table + "'s " + path[1] + (path.size() > 2 ? " " + path[2] : "");
}

void compare(const Json& before, const Json& now, const Json& whole, std::vector<std::string>& path,
             std::vector<std::string>& found) {
  if (before == now) return;
  const bool sources =  // of a reader
      path.size() > 1 && path.back() == "from" && path[path.size() - 2] == "encoder";
  if (sources && before.is_array() && now.is_array() && before.size() == now.size()) {
    for (std::size_t i = 0; i < now.size(); ++i) {
      path.push_back(std::to_string(i));
      compare(before[i], now[i], whole, path, found);
      path.pop_back();
    }
    return;
  }
  if (before.is_object() && now.is_object()) {
    std::set<std::string> keys;
    for (const auto* side : {&before, &now})
      for (const auto& [key, value] : side->items())
        keys.insert(key);
    for (const auto& key : keys) {
      path.push_back(key);
      compare(before.value(key, Json()), now.value(key, Json()), whole, path, found);
      path.pop_back();
    }
    return;
  }
  const auto name = name_of(path, whole);
  const bool both_sources = sources && before.is_array() && now.is_array();
  const auto text = both_sources ? name + " changed"
                    : sources || before.is_object() || now.is_object()
                        ? name + (now.is_null() ? " was removed" : " was added")
                        : name + " changed (" + brief(before) + " -> " + brief(now) + ")";
  if (std::find(found.begin(), found.end(), text) == found.end()) found.push_back(text);
}

void list(const Json& value, const Json& whole, std::vector<std::string>& path,
          std::vector<IdentityPart>& parts) {
  const auto inner = [&](const std::string& key, const Json& child) {
    path.push_back(key);
    list(child, whole, path, parts);
    path.pop_back();
  };
  if (value.is_object()) {
    for (const auto& [key, child] : value.items())
      inner(key, child);
  } else if (path.size() > 1 && path.back() == "from" && value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      inner(std::to_string(i), value[i]);
  } else {
    constexpr std::size_t of_hash = 12;
    parts.push_back({path.front(), name_of(path, whole), brief(value, of_hash)});
  }
}

}  // namespace

std::vector<IdentityPart> parts_of(const Json& identity) {
  std::vector<std::string> path;
  std::vector<IdentityPart> parts;
  if (identity.is_object()) list(identity, identity, path, parts);
  return parts;
}

std::string changes(const Json& before, const Json& now) {
  std::vector<std::string> path, found;
  compare(before, now, now, path, found);
  if (found.empty()) return "changed";
  constexpr std::size_t most = 3;
  const auto more = found.size() > most ? found.size() - most : 0;
  found.resize(found.size() - more);
  return protocol::join(found) + (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

namespace {

bool is_place(const PlannedCell& cell) {
  return !cell.key.empty() && cell.decision != Decision::excluded && !cell.identity.validation &&
         cell.identity.imported.empty();
}

/// The axes other than encoder, seed and fold, for people and to distinguish variants.
std::string variant_of(const Cell& cell) {
  std::string text;
  for (const auto& [axis, value] : cell.axes)
    if (axis != "encoder" && axis != "seed" && axis != "fold" && axis != "task")
      text += (text.empty() ? "" : " ") + axis + "=" + value.text();
  return text;
}

PlannedCell with_key(const PlannedCell& place, const std::string& name, std::int64_t seed,
                     CellIdentity identity, std::string key) {
  auto planned = place;
  planned.cell.axes.set("encoder", name);
  planned.cell.axes.set("seed", seed);
  planned.cell.encoder = {name, nullptr};
  planned.cell.seed = seed;
  planned.cell.selected = true;
  planned.identity = std::move(identity);
  planned.key = std::move(key);
  planned.decision = Decision::left_out;
  planned.reason = "imported";
  planned.weights = "imported";
  planned.pretrain_data.reset();
  planned.in_domain.reset();
  planned.features.clear();
  planned.sources.clear();
  planned.pretrain.clear();
  planned.source.reset();
  planned.mapper.reset();
  planned.language_model.reset();
  planned.fit_key.clear();
  return planned;
}

}  // namespace

std::vector<PlannedCell> positions_of(const Plan& plan, const std::string& task) {
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
  auto identity = place.identity;
  identity.imported = sha256;
  identity.seed = seed;
  identity.scores = scores;
  auto key = identity.key();
  return with_key(place, name, seed, std::move(identity), std::move(key));
}

void keep_imported(Plan& plan, const Store& store) {
  const auto experiment = store.experiment(plan.experiment.name);
  if (!experiment) return;
  auto imported = imported_cells(store, *experiment);
  if (imported.empty()) return;
  std::map<std::string, const PlannedCell*> places;  // by task and what scores it
  for (const auto& cell : plan.cells)
    if (is_place(cell))
      places.emplace(cell.cell.task.label + cell.identity.text(CellIdentity::Parts::scoring),
                     &cell);
  std::vector<PlannedCell> kept;
  for (auto& cell : imported) {
    auto identity = CellIdentity::from_json(cell.identity);
    const auto place = places.find(cell.task + identity.text(CellIdentity::Parts::scoring));
    if (place != places.end())
      kept.push_back(
          with_key(*place->second, cell.system, cell.seed, std::move(identity), cell.key));
  }
  std::move(kept.begin(), kept.end(), std::back_inserter(plan.cells));
}

namespace {

/// What determines the predictions of a cell; `scoring` is the evaluator's option for scoring, or
/// "".
Json of_predictions(const CellIdentity& identity, const std::string& scoring) {
  auto parts = Json::parse(identity.text(CellIdentity::Parts::fit));
  auto& evaluator = parts.at("evaluator");
  for (const auto* name : {"plugin", "version"})
    evaluator.erase(name);
  evaluator.at("options").erase(scoring);
  return parts;
}

fs::path kept_predictions(const fs::path& states, const CellIdentity& identity,
                          const std::string& split) {
  return states / identity.fit_key() / ("predictions-" + split + ".state");
}

/// Why the cell cannot be scored again; "" if `cell` now takes its predictions from an earlier run.
std::string take_predictions(PlannedCell& cell, const Store& store, const std::string& experiment,
                             const fs::path& states) {
  const auto stored = store.previous_identity(experiment, cell.cell.axes.pairs());
  if (stored.is_null()) return "it has not run before";
  const auto before = CellIdentity::from_json(stored);
  if (!before.imported.empty() || before.evaluator == nullptr)
    return "its predictions were imported; import them again";
  const auto scoring = cell.evaluator->option_with("scoring");
  const auto then = of_predictions(before, scoring), now = of_predictions(cell.identity, scoring);
  if (then != now) return "more than its scoring changed: " + changes(then, now);
  const auto file = kept_predictions(states, before, cell.split());
  if (!fs::exists(file))
    return "only runs with a language model keep everything that scoring needs";
  cell.predictions = protocol::path_text(file);
  cell.source.reset();
  cell.features.clear();
  cell.sources.clear();
  cell.pretrain.clear();
  return "";
}

}  // namespace

Rescoring rescore(Plan& plan, const Store& store, const fs::path& states) {
  Rescoring result;
  for (auto& cell : plan.cells) {
    if (cell.decision != Decision::run) continue;
    const auto reason = take_predictions(cell, store, plan.experiment.name, states);
    if (reason.empty()) {
      ++result.cells;
      continue;
    }
    cell.decision = Decision::left_out;
    cell.reason = reason;
    const auto text = cell.cell.label() + ": " + reason;
    if (std::find(result.reasons.begin(), result.reasons.end(), text) == result.reasons.end())
      result.reasons.push_back(text);
  }
  return result;
}

}  // namespace earshot::host
