#include "host/plan/rescoring.hpp"

#include <algorithm>

#include "host/plan/changes.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// Parts of a cell's identity that stand for scores alone; the others are those of its fit.
constexpr const char* scores_only[] = {"interval_version", "metrics", "replicates"};

Json of_fit(Json identity) {
  for (const auto* name : scores_only)
    identity.erase(name);
  return identity;
}

/// What decides the predictions of a cell, whose evaluator has an option `scoring` or "".
Json of_predictions(const Json& identity, const std::string& scoring) {
  auto parts = of_fit(identity);
  auto& evaluator = parts.at("evaluator");
  for (const auto* name : {"plugin", "version"})
    evaluator.erase(name);
  evaluator.at("options").erase(scoring);
  return parts;
}

fs::path kept_predictions(const fs::path& states, const Json& identity, const std::string& split) {
  return states / fit_key_of(identity) / ("predictions-" + split + ".state");
}

/// Why the cell cannot be scored again; "" where `cell` now takes its predictions from before.
std::string take_predictions(PlannedCell& cell, const Store& store, const std::string& experiment,
                             const fs::path& states) {
  const auto before = store.previous_identity(experiment, cell.cell.axes);
  if (before.is_null()) return "it has not run before";
  if (before.contains("imported") || !before.contains("evaluator"))
    return "its predictions were imported; import them again";
  const auto scoring = cell.request.evaluator.option_with("scoring");
  const auto then = of_predictions(before, scoring), now = of_predictions(cell.identity, scoring);
  if (then != now) return "more than its scoring changed: " + changes(then, now);
  const auto file = kept_predictions(states, before, cell.request.predict);
  if (!fs::exists(file))
    return "only runs with a language model keep everything that scoring needs";
  cell.request.predictions = protocol::path_text(file);
  cell.request.features.clear();
  cell.features.clear();
  cell.pretrain.clear();
  return "";
}

}  // namespace

std::string fit_key_of(const Json& identity) {
  return protocol::sha256(of_fit(identity));
}

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
