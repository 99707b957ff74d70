#include "host/schedule/recorder.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "host/experiment/claims.hpp"
#include "host/schedule/selection.hpp"
#include "host/store/run_lookup.hpp"
#include "host/store/stage_costs.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

using Zips = std::vector<std::vector<std::string>>;

/// The axes of the cell that advance together: zips of the file, and a task with its own dataset.
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
  if (planned.evaluator == nullptr) return "";
  const auto& target = planned.evaluator->value_of("target_label");
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
  // The store has the identity of a cached cell already, and copying thousands of them takes time.
  if (planned.decision != Decision::cached) record.identity = planned.identity.json();
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
  record.split = planned.split();
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
    if (is_member(cell) && !cell.identity.validation && reference.match.holds(cell.cell.axes))
      record.cells.push_back(cell.key);
  return record;
}

/// Copies how the attempt ended into the record of its run.
void take(RunRecord& record, const Ending& ending) {
  record.state = ending.state;
  record.error_kind = ending.kind;
  record.error = ending.error;
  record.exit_code = ending.exit_code;
  record.signal = ending.signal;
}

StageRecord stage_record(const std::string& key, const char* kind, const Ending& ending) {
  StageRecord stage;
  stage.key = key;
  stage.kind = kind;
  stage.state = ending.state == "skipped" ? "failed" : ending.state;
  stage.error = ending.error;
  return stage;
}

/// What cells read from an encoder, with settings that are not the defaults: "codes", "features as
/// float16, crop centre", "codes, from mimi".
std::string reading(const Plan& plan, const FeatureStage& stage) {
  const auto& source = stage.source;
  std::string text = source.codes ? "codes" : "features";
  if (!source.codes && source.dtype != "float32") text += " as " + source.dtype;
  for (const auto& [key, value] : source.audio.items())
    text += ", " + key + ' ' + (value.is_string() ? value.get<std::string>() : value.dump());
  for (const auto& other : stage.sources)
    text += (&other == &stage.sources.front() ? ", from " : " and ") +
            plan.features.at(other).encoder_label;
  return text;
}

void describe(ArtifactRow& artifact) {
  std::error_code missing;
  const auto file = protocol::path_of(artifact.path);
  const auto bytes = std::filesystem::file_size(file, missing);
  if (missing) return;
  artifact.bytes = static_cast<std::int64_t>(bytes);
  try {
    artifact.sha256 = protocol::sha256_file(file);
  } catch (const std::system_error&) {  // a file that cannot be read, or that grows, has no hash
  }
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
                                dataset.info, dataset.left_out});
  }
  return records;
}

std::optional<BegunRun> Recorder::begin(const PlannedCell& cell) {
  const auto run = store_.begin_run(cell.key);
  if (!run) return std::nullopt;
  const auto attempt = host::last_attempt(store_, cell.key);
  return BegunRun{*run, attempt ? attempt->number : 1};
}

void Recorder::record(const Job& job, Slot& slot, const Ending& ending) {
  switch (job.kind) {
    case Job::Kind::items:
      if (ending.state == "ok") store_.add_items(job.dataset, Json(slot.items()));
      break;
    case Job::Kind::pretrain:
      record_pretraining(job, slot, ending);
      break;
    case Job::Kind::features:
      record_features(job, slot, ending);
      break;
    case Job::Kind::cell:
      record_cell(plan_.cells[job.cell], slot, ending);
      break;
  }
}

void Recorder::watch(const Job& job, Slot& slot) {
  const auto points = slot.fresh_points();
  if (points.empty()) return;
  if (slot.run())
    store_.record_curves(slot.run()->id, points);
  else if (job.kind == Job::Kind::pretrain)
    store_.record_curves(job.pretrain, "pretrain", points);
}

void Recorder::record_pretraining(const Job& job, Slot& slot, const Ending& ending) {
  auto stage = stage_record(job.pretrain, "pretrain", ending);
  stage.seconds = slot.seconds();
  const auto& trained = plan_.pretrain.at(job.pretrain);
  stage.facts = {{"trained", trained.trainee()}, {"label", trained.label}};
  bool reused = false;
  if (ending.state == "ok") {
    const auto& result = std::get<protocol::PretrainResult>(ending.result);
    reused = result.reused;
    stage.bytes = result.bytes;
    add_artifacts(slot.record().artifacts, stage.facts);
  }
  watch(job, slot);
  if (!reused || !is_done(store_, stage.key)) store_.record_stage(stage);
}

/// The table `artifact` is for those of runs.
void Recorder::add_artifacts(std::vector<ArtifactRow>& artifacts, Json& facts) const {
  for (auto& artifact : artifacts) {
    describe(artifact);
    facts["artifacts"].push_back({{"name", artifact.name},
                                  {"path", store_.relative(artifact.path)},
                                  {"sha256", artifact.sha256},
                                  {"bytes", artifact.bytes}});
  }
}

void Recorder::record_features(const Job& job, const Slot& slot, const Ending& ending) {
  for (std::size_t i = 0; i < job.features.size(); ++i) {
    auto stage = stage_record(job.features[i], "features", ending);
    // The time of a pass is divided among its encoders, so that rows add up.
    stage.seconds = slot.seconds() / static_cast<double>(job.features.size());
    bool reused = false;
    if (ending.state == "ok") {
      const auto& result = std::get<protocol::FeaturesResult>(ending.result).encoders.at(i);
      stage.facts = result;
      stage.bytes = result.bytes;
      // A stage found in the cache costs nothing now; its row keeps its original cost.
      reused = result.computed == 0;
    } else if (i < slot.spent().encoders.size()) {
      stage.facts = slot.spent().encoders[i];
    }
    stage.facts["reads"] = reading(plan_, plan_.features.at(stage.key));
    if (!reused || !is_done(store_, stage.key)) store_.record_stage(stage);
  }
}

void Recorder::record_cell(const PlannedCell& cell, Slot& slot, const Ending& ending) {
  RunRecord record;
  if (ending.state == "ok") {
    record = std::move(slot.record());
    record.result = std::get<protocol::CellResult>(ending.result);
    for (auto& artifact : record.artifacts)
      describe(artifact);
  } else {
    record.result.peak_bytes = slot.record().result.peak_bytes;
    record.curves = std::move(slot.record().curves);  // so far
  }
  take(record, ending);
  record.log = slot.log().file().string();
  record.seconds = slot.seconds();
  if (cell.metrics) record.metric_specs = *cell.metrics;
  record.stages = cell.pretrain;
  for (auto& features : plan_.features_of(cell))
    record.stages.push_back(std::move(features));
  store_.finish_run(slot.run()->id, record);
}

void Recorder::record_failed_stage(const BegunRun& run, const Job& stage, const Ending& ending,
                                   const std::string& log) {
  RunRecord record;
  take(record, ending);
  record.log = log;
  record.stages = stage.features;
  if (!stage.pretrain.empty()) record.stages.push_back(stage.pretrain);
  store_.finish_run(run.id, record);
}

Ending Recorder::last_attempt(const PlannedCell& cell) const {
  const auto last = host::last_attempt(store_, cell.key);
  if (!last) return {.state = "lost"};
  return {.state = last->state, .kind = last->error_kind, .error = last->error};
}

}  // namespace earshot::host
