#include "host/plan/checks.hpp"

#include <algorithm>
#include <set>

#include "host/experiment/value.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

[[noreturn]] void refuse_missing(const Position& position, const std::string& what,
                                 const std::string& name, const std::vector<std::string>& known) {
  refuse(position, what + " '" + name + "'; " +
                       (known.empty() ? "there are none" : "known: " + protocol::join(known)) +
                       protocol::did_you_mean(name, known));
}

void check_target(const Cell& cell, const ResolvedComponent& task, const FoundDataset& dataset) {
  const auto& target = task.ref.value_of("target_label");
  if (!target.is_string() || target.get_ref<const std::string&>().empty()) return;
  std::vector<std::string> labels;
  for (const auto& label : dataset.info.labels)
    labels.push_back(label.name);
  if (!contains(labels, target.get<std::string>()))
    refuse_missing(cell.task.component->position_of(task.ref.option_with("target_label")),
                   "dataset '" + cell.dataset.label + "' has no label", target.get<std::string>(),
                   labels);
}

Position position_of_fold(const Experiment& experiment) {
  for (const auto& block : experiment.blocks)
    if (block.axis("fold") != nullptr) return block.positions.at("fold");
  return {};
}

}  // namespace

void check_cell(const Experiment& experiment, const Cell& cell, const ResolvedComponent& task,
                const FoundDataset& dataset) {
  check_target(cell, task, dataset);
  if (cell.axes.find("fold") == nullptr) return;
  const auto& folds = dataset.info.folds;
  const auto missing = "dataset '" + cell.dataset.label + "' has no folds; remove the axis 'fold'";
  if (folds.empty()) refuse(position_of_fold(experiment), missing);
  if (std::find(folds.begin(), folds.end(), cell.fold) == folds.end())
    refuse(position_of_fold(experiment), "dataset '" + cell.dataset.label + "' has no fold " +
                                             std::to_string(cell.fold) +
                                             "; known: " + Json(folds).dump());
}

namespace {

/// Slices of all datasets: dimension -> names.
std::map<std::string, std::set<std::string>> slices_of(const Plan& plan) {
  std::map<std::string, std::set<std::string>> slices;
  for (const auto& [key, dataset] : plan.datasets)
    for (const auto& [dimension, values] : dataset.info.slices.items())
      for (const auto& [value, items] : values.items())
        slices[dimension].insert(value);
  return slices;
}

void check_slice(const Position& position, const std::string& dimension, const std::string& value,
                 const std::map<std::string, std::set<std::string>>& slices) {
  const auto known = slices.find(dimension);
  if (known == slices.end()) {
    std::vector<std::string> names;
    for (const auto& [name, values] : slices)
      names.push_back(name);
    refuse_missing(position, "no dataset has slices by", dimension, names);
  }
  if (value != "*" && !known->second.contains(value))
    refuse_missing(position, "no item is in the slice " + dimension + " =", value,
                   {known->second.begin(), known->second.end()});
}

void check_slices(const Plan& plan) {
  const auto slices = slices_of(plan);
  for (const auto& block : plan.experiment.blocks)
    for (const auto& [dimension, values] : block.slices)
      for (const auto& value : values)
        check_slice(block.positions.at(dimension), dimension, value, slices);
  for (const auto& hypothesis : plan.experiment.hypotheses)
    for (const auto& [dimension, values] : hypothesis.slices)
      for (const auto& value : values)
        check_slice(hypothesis.position, dimension, value, slices);
}

void check_metric(const Position& position, const std::string& metric,
                  const std::vector<std::string>& known) {
  if (!metric.empty() && !contains(known, metric))
    refuse_missing(position, "no task has the metric", metric, known);
}

}  // namespace

void check_names(const Plan& plan) {
  const bool some_missing = std::any_of(plan.cells.begin(), plan.cells.end(), [](const auto& cell) {
    return cell.key.empty() && cell.decision != Decision::excluded;
  });
  if (some_missing || plan.datasets.empty()) return;
  check_slices(plan);
  std::set<std::string> metrics;
  std::set<const void*> seen;
  for (const auto& cell : plan.cells)
    if (cell.metrics != nullptr && seen.insert(cell.metrics.get()).second)
      for (const auto& metric : *cell.metrics)
        metrics.insert(metric.name);
  const std::vector<std::string> known(metrics.begin(), metrics.end());
  const auto& experiment = plan.experiment;
  check_metric(experiment.select.position, experiment.select.by, known);
  for (const auto& hypothesis : experiment.hypotheses)
    check_metric(hypothesis.position, hypothesis.metric, known);
  for (const auto& reference : experiment.references)
    check_metric(reference.match.position, reference.metric, known);
}

}  // namespace earshot::host
