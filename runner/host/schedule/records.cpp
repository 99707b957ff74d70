#include "host/schedule/records.hpp"

#include <algorithm>
#include <filesystem>

#include "host/experiment/claims.hpp"
#include "host/schedule/selection.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

using Zips = std::vector<std::vector<std::string>>;

/// Axes of the cell that advance together: zips of the file, and the task with its own dataset.
Zips zips_of(const Experiment& experiment, const Cell& cell) {
  Zips zips;
  for (const auto& block : experiment.blocks)
    for (const auto& zip : block.zips) {
      const bool all = std::all_of(zip.begin(), zip.end(), [&](const auto& axis) {
        return cell.axes.find(axis) != nullptr;
      });
      if (all && std::find(zips.begin(), zips.end(), zip) == zips.end()) zips.push_back(zip);
    }
  const auto* task = experiment.find(Table::task, cell.task.label);
  if (task != nullptr && !task->dataset.empty()) zips.push_back({"task", "dataset"});
  return zips;
}

/// The label of the dataset that the cell's evaluator predicts, if it predicts one.
std::string target_of(const Plan& plan, const PlannedCell& planned) {
  const auto& target = planned.request.evaluator.value_of("target_label");
  const auto dataset = plan.datasets.find(planned.dataset_key);
  if (!target.is_string() || dataset == plan.datasets.end()) return "";
  const auto& labels = dataset->second.info.labels;
  const bool known = std::any_of(labels.begin(), labels.end(),
                                 [&](const auto& label) { return label.name == target; });
  return known ? target.get<std::string>() : "";
}

CellRecord record_of(const Plan& plan, const PlannedCell& planned) {
  const auto& experiment = plan.experiment;
  const auto& cell = planned.cell;
  CellRecord record;
  record.key = planned.key;
  record.skipped = planned.skipped;
  record.target = target_of(plan, planned);
  record.identity = planned.identity.json();
  record.axes = cell.axes.pairs();
  record.zips = zips_of(experiment, cell);
  record.encoder = cell.encoder.label;
  record.dataset = cell.dataset.label;
  record.task = cell.task.label;
  record.mapper = cell.mapper.label;
  record.language_model = cell.language_model.label;
  record.weights = planned.weights;
  if (planned.pretrain_data) record.pretrain_data = *planned.pretrain_data;
  if (planned.in_domain) record.in_domain = *planned.in_domain;
  record.dataset_key = planned.dataset_key;
  record.primary = planned.primary;
  record.seed = cell.seed;
  record.fold = cell.fold;
  record.split = planned.request.predict;
  return record;
}

ReferenceRecord record_of(const Reference& reference, const Plan& plan) {
  ReferenceRecord record{reference.metric,
                         reference.source,
                         reference.protocol,
                         reference.value,
                         reference.comparable,
                         reference.match.json(),
                         {}};
  for (const auto& cell : plan.cells)
    if (is_member(cell) && cell.request.predict == "test" && reference.match.holds(cell.cell.axes))
      record.cells.push_back(cell.key);
  return record;
}

}  // namespace

PlanRecords records_of(const Plan& plan, const Overrides& overrides) {
  const auto& experiment = plan.experiment;
  PlanRecords records;
  auto& head = records.experiment;
  head.name = experiment.name;
  head.question = experiment.question;
  if (!experiment.file.empty())
    head.file = protocol::path_text(std::filesystem::absolute(experiment.file).lexically_normal());
  head.source = experiment.source;
  head.resolved = experiment.resolved;
  head.resolved["claims"] = to_record(claims_of(experiment));
  for (const auto& change : overrides.set)
    head.overrides.push_back(change);
  head.chosen = experiment.select.over;
  for (const auto& reference : experiment.references)
    head.references.push_back(record_of(reference, plan));
  for (const auto& cell : plan.cells)
    if (is_member(cell) || !cell.skipped.empty()) records.cells.push_back(record_of(plan, cell));
  for (const auto& [key, dataset] : plan.datasets) {
    const auto* component = experiment.find(Table::dataset, dataset.label);
    records.datasets.push_back({key, dataset.label,
                                component == nullptr ? dataset.component.component : component->use,
                                dataset.info});
  }
  return records;
}

}  // namespace earshot::host
