#include "host/plan/cell_plan.hpp"

#include <algorithm>

#include "host/base/failure.hpp"
#include "host/plan/checks.hpp"
#include "protocol/hash.hpp"
#include "protocol/versions.hpp"

namespace earshot::host {

CellPlanner::CellPlanner(const Experiment& experiment, Components& components, Datasets& datasets,
                         Informant& informant, const std::filesystem::path& cache, Plan& plan)
    : experiment_(experiment),
      components_(components),
      datasets_(datasets),
      informant_(informant),
      cache_(cache),
      plan_(plan) {}

namespace {

/// The type of the label that an evaluator predicts, if it declares an option for that type and
/// nobody has set it: metrics may depend on it. "" otherwise.
std::string target_type_of(const FoundComponent& task, const FoundDataset& dataset) {
  const auto name = task.ref.option_with("target_type");
  if (task.ref.value_of("target_type") != "") return "";
  const auto& target = task.ref.value_of("target_label");
  for (const auto& label : dataset.info.labels) {
    if (Json(label.name) != target) continue;
    for (const auto& spec : task.entry.component->options)
      if (spec.name == name &&
          std::find(spec.choices.begin(), spec.choices.end(), label.type) != spec.choices.end())
        return label.type;
  }
  return "";
}

protocol::ComponentRef with_type(const protocol::ComponentRef& task, const std::string& type) {
  auto ref = task;
  if (!type.empty()) ref.options[ref.option_with("target_type")] = type;
  return ref;
}

}  // namespace

const EvaluatorFacts& CellPlanner::facts(const FoundComponent& task, const std::string& type) {
  const auto known = facts_.find({&task, type});
  if (known != facts_.end()) return known->second;
  auto& facts = facts_[{&task, type}];
  facts.missing = task.missing;
  if (!facts.missing.empty()) return facts;
  try {
    const auto answer = informant_.resolve(with_type(task.ref, type));
    const auto* evaluator = std::get_if<protocol::EvaluatorFacts>(&answer);
    if (evaluator == nullptr)
      throw WorkerError("contract", "it does not say what it uses, nor which metrics it has");
    facts.uses = evaluator->uses;
    facts.metrics = std::make_shared<const std::vector<protocol::Metric>>(evaluator->metrics);
  } catch (const WorkerError& error) {
    if (error.kind == "config")
      throw Failure(ExitCode::usage, task.position.text() + ": " + error.what());
    facts.missing = "task '" + task.label + "': " + error.what();
  }
  if (facts.metrics == nullptr) return facts;
  for (const auto& metric : *facts.metrics) {
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
  parts.task = &components_.find("task", cell.task);
  if (!cell.mapper.label.empty()) parts.mapper = &components_.find("mapper", cell.mapper);
  if (!cell.language_model.label.empty())
    parts.language_model = &pretrained("language_model", cell.language_model);
  parts.dataset = &dataset(cell);
  parts.target_type = target_type_of(*parts.task, *parts.dataset);
  parts.facts = &facts(*parts.task, parts.target_type);
  components_.find("encoder", cell.encoder);  // refuses wrong options, whether or not it is used
  if (parts.facts->needs_encoder()) parts.encoder = &pretrained("encoder", cell.encoder);
  return parts;
}

bool has_ability(const FoundComponent& component, const std::string& ability) {
  const auto& abilities = component.entry.component->abilities;
  return std::find(abilities.begin(), abilities.end(), ability) != abilities.end();
}

/// Why the cell cannot run; "" when it can.
std::string CellPlanner::problem(const Cell& cell, const Parts& parts) const {
  if (!parts.dataset->missing.empty()) return parts.dataset->missing;
  for (const auto* component : {parts.encoder, parts.task, parts.mapper, parts.language_model})
    if (component != nullptr && !component->missing.empty()) return component->missing;
  const auto& facts = *parts.facts;
  if (!facts.missing.empty()) return facts.missing;
  for (const auto& [use, ability] : {std::pair{"codes", "codec"}, {"learner", "learner"}})
    if (facts.needs(use) && !has_ability(*parts.encoder, ability))
      return "encoder '" + cell.encoder.label + "' is not a " + ability + ", which task '" +
             cell.task.label + "' needs";
  if (facts.needs("learner") && !parts.encoder->pretrain.empty())
    return "encoder '" + cell.encoder.label + "' is pretrained, and task '" + cell.task.label +
           "' would train it again";
  for (const auto* component : {parts.encoder, parts.language_model}) {
    if (component == nullptr || component->pretrain.empty()) continue;
    const auto& stage = plan_.pretrain.at(component->pretrain);
    if (cell.fold > 0 && stage.request.dataset.key == parts.dataset->key)
      return stage.trainee() + " '" + component->label +
             "' is pretrained on all folds of dataset '" + cell.dataset.label +
             "', which includes the test items of this cell";
  }
  if (facts.needs("mapper") && parts.mapper == nullptr)
    return "task '" + cell.task.label + "' needs a mapper, but the matrix has none";
  if (facts.needs("language_model") && parts.language_model == nullptr)
    return "task '" + cell.task.label + "' needs a language model, but the matrix has none";
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
  for (const auto* component : {parts.encoder, parts.language_model})
    if (component != nullptr && !component->pretrain.empty())
      planned.pretrain.push_back(component->pretrain);
  if (parts.encoder != nullptr) describe_checkpoint(*parts.encoder, planned);
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
    planned.reason = planned.skipped = reason;
  }
  if (!planned.cell.selected) {
    planned.decision = Decision::left_out;
    planned.reason = "left out on the command line";
  }
  return planned;
}

namespace {

/// What the encoder's weights were trained on: a plugin says it by the default of an option, which
/// belongs to its default weights. Null if unknown.
Json known_data(const FoundComponent& encoder) {
  if (encoder.weights == "random") return Json::array();
  const auto& given = encoder.ref.value_of("pretraining_data");
  bool default_data = true, default_weights = true;
  for (const auto& spec : encoder.entry.component->options) {
    if (spec.role == "pretraining_data") default_data = given == spec.value;
    if (spec.type == protocol::OptionType::weights)
      default_weights &=
          encoder.ref.options.at(spec.name).value("source", "") == spec.value.value("source", "");
  }
  return default_data && !default_weights ? Json() : given;
}

}  // namespace

void CellPlanner::describe_checkpoint(const FoundComponent& encoder, PlannedCell& planned) const {
  planned.weights = encoder.weights;
  const auto& written = experiment_.components.at("encoder").at(encoder.label);
  const auto& dataset = planned.cell.dataset.label;
  auto& data = planned.pretrain_data = written.pretrain_data;
  if (data.is_null()) data = known_data(encoder);
  if (!written.in_domain.is_null())
    planned.in_domain = std::count(written.in_domain.begin(), written.in_domain.end(), dataset) > 0;
  else if (data.is_array() && data.empty())
    planned.in_domain = false;
  if (encoder.pretrain.empty()) return;
  const auto& trained_on = plan_.pretrain.at(encoder.pretrain).dataset_label;
  data.push_back(trained_on);
  if (trained_on == dataset) planned.in_domain = true;
}

protocol::DatasetRef CellPlanner::dataset_ref(const FoundDataset& found,
                                              const Json& settings) const {
  protocol::DatasetRef dataset;
  dataset.component = found.ref;
  dataset.key = found.key;
  dataset.limit = settings.at("limit").get<std::int64_t>();
  dataset.validation = settings.at("validation").get<double>();
  dataset.shuffle_labels = settings.at("shuffle_labels").get<bool>();
  dataset.allow_lost = settings.at("allow_lost").get<std::int64_t>();
  dataset.file_hashes = found.file_hashes;
  dataset.items_hash = found.info.items_hash;
  dataset.files_digest = found.files_digest;
  return dataset;
}

void CellPlanner::fill_request(const Parts& parts, PlannedCell& planned) {
  const auto& cell = planned.cell;
  auto& request = planned.request;
  auto& dataset = request.dataset;
  dataset = dataset_ref(*parts.dataset, cell.dataset.settings);
  dataset.fold = cell.fold;
  request.evaluator = with_type(parts.task->ref, parts.target_type);
  if (parts.mapper != nullptr) request.mapper = parts.mapper->ref;
  if (parts.language_model != nullptr) request.language_model = parts.language_model->ref;
  request.seed = cell.seed;
  request.replicates = experiment_.replicates;
  auto& planned_dataset = plan_.datasets[dataset.key];
  if (!planned_dataset.key.empty()) return;
  planned_dataset = {cell.dataset.label, dataset.key, dataset.component, parts.dataset->info};
  if (!parts.dataset->note.empty())
    plan_.notes.push_back("dataset '" + cell.dataset.label + "': " + parts.dataset->note);
}

/// Keyed by the source's content, so many cells share one entry.
const std::string& CellPlanner::source_key(const FoundComponent& encoder,
                                           const protocol::FeatureSource& source) {
  const auto what =
      protocol::canonical({encoder.identity_text, source.audio, source.dtype, source.codes});
  auto& key = source_keys_[what];
  if (key.empty())
    key = protocol::sha256(Json{{"encoder", encoder.identity},
                                {"audio", source.audio},
                                {"dtype", source.dtype},
                                {"codes", source.codes},
                                {"audio_version", protocol::audio_version}});
  return key;
}

void CellPlanner::add_features(const Parts& parts, PlannedCell& planned) {
  const auto& facts = *parts.facts;
  if (!facts.needs_encoder()) return;
  const bool cached = facts.needs("features") || facts.needs("codes");
  auto& source = planned.request.features.emplace_back();
  source.encoder = parts.encoder->ref;
  source.audio = planned.cell.task.settings.at("audio");
  source.dtype = planned.cell.encoder.settings.at("dtype").get<std::string>();
  source.codes = facts.needs("codes") && !facts.needs("features");
  source.key = source_key(*parts.encoder, source);
  // What is looked up goes by the names of a dataset's items, not by their sound alone.
  if (has_ability(*parts.encoder, "lookup"))
    source.key = protocol::sha256(Json{source.key, parts.dataset->key});
  if (!cached) return;
  // Which clips a stage has depends on fold and validation share only where a limit leaves some
  // out.
  const auto& dataset = planned.request.dataset;
  Json stage{source.key, dataset.key};
  if (dataset.limit > 0)
    stage.push_back({dataset.limit, dataset.fold, dataset.validation, protocol::split_version});
  planned.features = protocol::sha256(stage);
  if (plan_.features.contains(planned.features)) return;
  auto& entry = plan_.features[planned.features];
  entry = {planned.features, planned.cell.dataset.label, planned.cell.encoder.label, dataset,
           source,           parts.encoder->pretrain};
  if (dataset.limit == 0) entry.dataset.fold = 0;
}

Json identity_of(const protocol::DatasetRef& dataset) {
  return {{"key", dataset.key},
          {"fold", dataset.fold},
          {"limit", dataset.limit},
          {"validation", dataset.validation},
          {"shuffle_labels", dataset.shuffle_labels}};
}

namespace {

Json identity_of(const FoundComponent* component) {
  return component == nullptr ? Json() : component->identity;
}
std::string text_of(const FoundComponent* component) {
  return component == nullptr ? "null" : component->identity_text;
}

/// The canonical text of an object, from those of its values; keys in their order.
std::string object_text(const std::vector<std::pair<const char*, std::string>>& values) {
  std::string text;
  for (const auto& [key, value] : values)
    text.append(text.empty() ? "{\"" : ",\"").append(key).append("\":").append(value);
  return text + "}";
}

}  // namespace

/// Thousands of cells are made of few components: their texts are put together, not made anew.
void CellPlanner::identify(const Parts& parts, PlannedCell& planned) const {
  const auto& cell = planned.cell;
  const auto& ref = planned.request.dataset;
  const auto dataset = identity_of(ref);
  static const Json null;
  // Without an encoder, its settings and how audio is cut decide nothing.
  const auto& audio = parts.encoder == nullptr ? null : cell.task.settings.at("audio");
  const auto& dtype = parts.encoder == nullptr ? null : cell.encoder.settings.at("dtype");
  const auto seed = parts.facts->needs("seed") ? Json(cell.seed) : Json();
  std::vector<std::pair<const char*, std::string>> texts{
      {"audio", audio.dump()},
      {"audio_version", std::to_string(protocol::audio_version)},
      {"dataset", protocol::canonical(dataset)},
      {"dtype", dtype.dump()},
      {"encoder", text_of(parts.encoder)},
      {"evaluator", text_of(parts.task)},
      {"language_model", text_of(parts.language_model)},
      {"mapper", text_of(parts.mapper)},
      {"seed", seed.dump()},
      {"split_version", std::to_string(protocol::split_version)}};
  planned.request.fit_key = protocol::sha256(std::string_view(object_text(texts)));
  texts.insert(texts.begin() + 6, {"interval_version", std::to_string(protocol::interval_version)});
  texts.insert(texts.begin() + 9, {{"metrics", parts.facts->versions.dump()},
                                   {"replicates", std::to_string(experiment_.replicates)}});
  planned.key = protocol::sha256(std::string_view(object_text(texts)));
  planned.identity = {{"audio", audio},
                      {"audio_version", protocol::audio_version},
                      {"dataset", dataset},
                      {"dtype", dtype},
                      {"encoder", identity_of(parts.encoder)},
                      {"evaluator", identity_of(parts.task)},
                      {"interval_version", protocol::interval_version},
                      {"language_model", identity_of(parts.language_model)},
                      {"mapper", identity_of(parts.mapper)},
                      {"metrics", parts.facts->versions},
                      {"replicates", experiment_.replicates},
                      {"seed", seed},
                      {"split_version", protocol::split_version}};
}

}  // namespace earshot::host
