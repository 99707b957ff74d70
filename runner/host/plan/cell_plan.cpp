#include "host/plan/cell_plan.hpp"

#include <algorithm>

#include "host/base/failure.hpp"
#include "host/plan/checks.hpp"
#include "protocol/hash.hpp"
#include "protocol/versions.hpp"

namespace earshot::host {

CellPlanner::CellPlanner(const Experiment& experiment, Components& components, Datasets& datasets,
                         Informant& informant, Plan& plan)
    : experiment_(experiment),
      components_(components),
      datasets_(datasets),
      informant_(informant),
      plan_(plan) {}

const EvaluatorFacts& CellPlanner::facts(const FoundComponent& task) {
  const auto known = facts_.find(&task);
  if (known != facts_.end()) return known->second;
  auto& facts = facts_[&task];
  facts.missing = task.missing;
  if (!facts.missing.empty()) return facts;
  try {
    const auto answer = informant_.resolve(task.ref);
    facts.uses = answer.at("uses");
    facts.metrics = answer.at("metrics").get<std::vector<protocol::Metric>>();
  } catch (const WorkerError& error) {
    if (error.kind == "config")
      throw Failure(ExitCode::usage, task.position.text() + ": " + error.what());
    facts.missing = "task '" + task.label + "': " + error.what();
  }
  for (const auto& metric : facts.metrics) {
    facts.versions[metric.name] = metric.version;
    if (metric.primary || facts.primary.empty()) facts.primary = metric.name;
  }
  return facts;
}

const FoundDataset& CellPlanner::dataset(const Cell& cell) {
  return datasets_.find(components_.find("dataset", cell.dataset));
}

CellPlanner::Parts CellPlanner::parts(const Cell& cell) {
  Parts parts;
  parts.encoder = &components_.find("encoder", cell.encoder);
  parts.task = &components_.find("task", cell.task);
  if (!cell.mapper.label.empty()) parts.mapper = &components_.find("mapper", cell.mapper);
  if (!cell.language_model.label.empty())
    parts.language_model = &components_.find("language_model", cell.language_model);
  parts.facts = &facts(*parts.task);
  parts.dataset = &dataset(cell);
  return parts;
}

namespace {

bool has_ability(const FoundComponent& component, const std::string& ability) {
  const auto& abilities = component.entry.component->abilities;
  return std::find(abilities.begin(), abilities.end(), ability) != abilities.end();
}

}  // namespace

/// Why the cell cannot run; "" when it can.
std::string CellPlanner::problem(const Cell& cell, const Parts& parts) const {
  if (!parts.dataset->missing.empty()) return parts.dataset->missing;
  for (const auto* component : {parts.encoder, parts.task, parts.mapper, parts.language_model})
    if (component != nullptr && !component->missing.empty()) return component->missing;
  const auto& facts = *parts.facts;
  if (!facts.missing.empty()) return facts.missing;
  for (const auto& [use, ability] : {std::pair{"codes", "codec"}, {"learner", "learner"}})
    if (facts.needs(use) && !has_ability(*parts.encoder, ability))
      return "encoder '" + cell.encoder.label + "' is no " + ability + ", which task '" +
             cell.task.label + "' needs";
  if (facts.needs("mapper") && parts.mapper == nullptr)
    return "task '" + cell.task.label + "' needs a mapper, and the matrix gives none";
  if (facts.needs("language_model") && parts.language_model == nullptr)
    return "task '" + cell.task.label + "' needs a language model, and the matrix gives none";
  return "";
}

void CellPlanner::take_part(const FoundComponent* component) {
  if (component == nullptr) return;
  const auto& plugin = *component->entry.plugin;
  const bool known =
      std::any_of(plan_.plugins.begin(), plan_.plugins.end(),
                  [&](const PlannedPlugin& other) { return other.path == plugin.info.path; });
  if (!known)
    plan_.plugins.push_back(
        {plugin.info.name, plugin.info.version, plugin.info.path, plugin.sha256});
}

PlannedCell CellPlanner::plan(Cell cell) {
  PlannedCell planned;
  planned.cell = std::move(cell);
  if (!planned.cell.excluded.empty()) {
    planned.decision = Decision::excluded;
    planned.reason = planned.cell.excluded;
    return planned;
  }
  const auto parts = this->parts(planned.cell);
  planned.metrics = parts.facts->metrics;
  planned.primary = parts.facts->primary;
  planned.weights = parts.encoder->weights;
  for (const auto* component :
       {parts.encoder, parts.task, parts.mapper, parts.language_model, parts.dataset->component})
    take_part(component);
  const auto reason = problem(planned.cell, parts);
  if (reason.empty()) {
    check_cell(experiment_, components_, planned.cell, *parts.task, *parts.dataset);
    planned.dataset_key = parts.dataset->key;
    fill_request(parts, planned);
    add_features(parts, planned);
    identify(parts, planned);
  } else {
    planned.decision = Decision::skipped;
    planned.reason = reason;
  }
  if (!planned.cell.selected) {
    planned.decision = Decision::left_out;
    planned.reason = "left out on the command line";
  }
  return planned;
}

void CellPlanner::fill_request(const Parts& parts, PlannedCell& planned) {
  const auto& cell = planned.cell;
  const auto& settings = cell.dataset.settings;
  auto& request = planned.request;
  auto& dataset = request.dataset;
  dataset.component = parts.dataset->component->ref;
  dataset.key = parts.dataset->key;
  dataset.fold = cell.fold;
  dataset.limit = settings.at("limit").get<std::int64_t>();
  dataset.validation = settings.at("validation").get<double>();
  dataset.shuffle_labels = settings.at("shuffle_labels").get<bool>();
  dataset.allow_lost = settings.at("allow_lost").get<std::int64_t>();
  dataset.file_hashes = parts.dataset->file_hashes;
  request.evaluator = parts.task->ref;
  if (parts.mapper != nullptr) request.mapper = parts.mapper->ref;
  if (parts.language_model != nullptr) request.language_model = parts.language_model->ref;
  request.seed = cell.seed;
  request.replicates = experiment_.replicates;
  auto& planned_dataset = plan_.datasets[dataset.key];
  if (planned_dataset.key.empty())
    planned_dataset = {cell.dataset.label, dataset.key, dataset.component, parts.dataset->info};
}

void CellPlanner::add_features(const Parts& parts, PlannedCell& planned) {
  const auto& facts = *parts.facts;
  const bool cached = facts.needs("features") || facts.needs("codes");
  if (!cached && !facts.needs("audio") && !facts.needs("learner")) return;
  protocol::FeatureSource source;
  source.encoder = parts.encoder->ref;
  source.audio = planned.cell.task.settings.at("audio");
  source.dtype = planned.cell.encoder.settings.at("dtype").get<std::string>();
  source.codes = facts.needs("codes") && !facts.needs("features");
  const Json what{{"encoder", parts.encoder->identity},
                  {"audio", source.audio},
                  {"dtype", source.dtype},
                  {"codes", source.codes},
                  {"audio_version", protocol::audio_version}};
  source.key = protocol::sha256(what);
  planned.request.features = {source};
  if (!cached) return;
  // Which clips a stage has depends on fold and validation share only where a limit leaves some
  // out.
  auto dataset = planned.request.dataset;
  if (dataset.limit == 0) dataset.fold = 0;
  Json stage{{"source", source.key}, {"dataset", dataset.key}};
  if (dataset.limit > 0) {
    stage["limit"] = {dataset.limit, dataset.fold, dataset.validation};
    stage["split_version"] = protocol::split_version;
  }
  planned.features = protocol::sha256(stage);
  plan_.features.try_emplace(planned.features,
                             FeatureStage{planned.features, planned.cell.dataset.label,
                                          planned.cell.encoder.label, dataset, source});
}

void CellPlanner::identify(const Parts& parts, PlannedCell& planned) const {
  const auto& cell = planned.cell;
  const auto& dataset = planned.request.dataset;
  Json identity{{"dataset",
                 {{"key", dataset.key},
                  {"fold", dataset.fold},
                  {"limit", dataset.limit},
                  {"validation", dataset.validation},
                  {"shuffle_labels", dataset.shuffle_labels}}},
                {"encoder", parts.encoder->identity},
                {"evaluator", parts.task->identity},
                {"seed", parts.facts->uses.value("seed", true) ? Json(cell.seed) : Json()},
                {"audio_version", protocol::audio_version},
                {"split_version", protocol::split_version}};
  identity["encoder"]["audio"] = cell.task.settings.at("audio");
  identity["encoder"]["dtype"] = cell.encoder.settings.at("dtype");
  if (parts.mapper != nullptr) identity["mapper"] = parts.mapper->identity;
  if (parts.language_model != nullptr) identity["language_model"] = parts.language_model->identity;
  planned.request.fit_key = protocol::sha256(identity);
  identity["evaluator"]["metrics"] = parts.facts->versions;
  identity["replicates"] = experiment_.replicates;
  identity["interval_version"] = protocol::interval_version;
  planned.key = protocol::sha256(identity);
  planned.identity = std::move(identity);
}

}  // namespace earshot::host
