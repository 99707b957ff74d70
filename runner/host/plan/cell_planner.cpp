#include "host/plan/cell_planner.hpp"

#include <algorithm>

#include "host/base/failure.hpp"
#include "host/plan/checkpoint.hpp"
#include "host/plan/checks.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"
#include "protocol/versions.hpp"

namespace earshot::host {

CellPlanner::CellPlanner(const Experiment& experiment, Components& components, Datasets& datasets,
                         PluginQueries& queries, const std::filesystem::path& cache, Plan& plan)
    : experiment_(experiment),
      components_(components),
      datasets_(datasets),
      queries_(queries),
      cache_(cache),
      plan_(plan),
      readers_(experiment, queries, [this](const auto& encoder) { return ready(encoder); }) {}

namespace {

/// The type of the label that an evaluator predicts, if it declares an option for that type which
/// is not set: metrics may depend on it. Otherwise "".
std::string target_type_of(const ResolvedComponent& task, const FoundDataset& dataset) {
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

const EvaluatorFacts& CellPlanner::facts(const Resolved& task, const std::string& type) {
  const auto known = facts_.find({task, type});
  if (known != facts_.end()) return known->second;
  auto& facts = facts_[{task, type}];
  facts.missing = task->missing;
  if (!facts.missing.empty()) return facts;
  facts.ref = std::make_shared<const protocol::ComponentRef>(with_type(task->ref, type));
  try {
    const auto answer = queries_.resolve(*facts.ref);
    const auto* evaluator = std::get_if<protocol::EvaluatorFacts>(&answer);
    if (evaluator == nullptr)
      throw WorkerError("contract", "it does not say what it uses, nor which metrics it has");
    facts.uses = evaluator->uses;
    facts.metrics = std::make_shared<const std::vector<protocol::Metric>>(evaluator->metrics);
  } catch (const WorkerError& error) {
    if (error.kind == "config")
      throw Failure(ExitCode::usage, task->component->position.text() + ": " + error.what());
    facts.missing = "task '" + task->label() + "': " + error.what();
  }
  if (facts.metrics == nullptr) return facts;
  for (const auto& metric : *facts.metrics) {
    facts.versions[metric.name] = metric.version;
    if (metric.primary || facts.primary.empty()) facts.primary = metric.name;
  }
  return facts;
}

CellPlanner::Parts CellPlanner::parts(const Cell& cell) {
  Parts parts;
  parts.task = components_.find(cell.task.component);
  if (cell.mapper.component != nullptr) parts.mapper = components_.find(cell.mapper.component);
  if (cell.language_model.component != nullptr)
    parts.language_model = ready(cell.language_model.component);
  parts.dataset = &datasets_.find(components_.find(cell.dataset.component));
  parts.facts = &facts(parts.task, target_type_of(*parts.task, *parts.dataset));
  // Refuses what is wrong with the encoder, whether or not it is used.
  readers_.check(*cell.encoder.component, *components_.find(cell.encoder.component));
  if (parts.facts->needs_encoder()) parts.encoder = ready(cell.encoder.component);
  return parts;
}

/// Why the cell cannot run; "" if it can.
std::string CellPlanner::problem(const Cell& cell, const Parts& parts) const {
  if (!parts.dataset->missing.empty()) return parts.dataset->missing;
  for (const auto* component : {&parts.encoder, &parts.task, &parts.mapper, &parts.language_model})
    if (*component != nullptr && !(*component)->missing.empty()) return (*component)->missing;
  if (!parts.facts->missing.empty()) return parts.facts->missing;
  const auto& uses = parts.facts->uses;
  for (const auto& [used, ability] :
       {std::pair{uses.codes, "codec"}, std::pair{uses.learner, "learner"}})
    if (used && !parts.encoder->has_ability(ability))
      return "encoder '" + cell.encoder.label + "' is not a " + ability + ", which task '" +
             cell.task.label + "' needs";
  if (uses.audio && !uses.learner && !parts.encoder->sources.empty())
    return "encoder '" + cell.encoder.label + "' reads other encoders, and task '" +
           cell.task.label + "' needs one that takes audio";
  if (uses.learner && !parts.encoder->pretrain.empty())
    return "encoder '" + cell.encoder.label + "' is pretrained, and task '" + cell.task.label +
           "' would train it again";
  for (const auto* component : {&parts.encoder, &parts.language_model}) {
    if (*component == nullptr) continue;
    for (const auto& training : (*component)->trainings()) {
      const auto& stage = plan_.pretrain.at(training);
      if (cell.fold > 0 && stage.request.dataset.key == parts.dataset->key)
        return stage.trainee() + " '" + stage.label + "' is pretrained on all folds of dataset '" +
               cell.dataset.label + "', which includes the test items of this cell";
    }
  }
  if (uses.mapper && parts.mapper == nullptr)
    return "task '" + cell.task.label + "' needs a mapper, but the matrix has none";
  if (uses.language_model && parts.language_model == nullptr)
    return "task '" + cell.task.label + "' needs a language model, but the matrix has none";
  return "";
}

void CellPlanner::take_part(const Resolved& component) {
  if (component == nullptr) return;
  const auto& plugin = *component->entry.plugin;
  const bool known =
      std::any_of(plan_.plugins.begin(), plan_.plugins.end(),
                  [&](const PlannedPlugin& other) { return other.path == plugin.info.path; });
  if (!known)
    plan_.plugins.push_back(
        {plugin.info.name, plugin.info.version, plugin.info.path, plugin.sha256});
  for (const auto& source : component->sources)
    take_part(source.encoder);
}

namespace {

/// The reference that a worker constructs; it lives as long as the component.
std::shared_ptr<const protocol::ComponentRef> ref_of(const Resolved& component) {
  if (component == nullptr) return nullptr;
  return {component, &component->ref};
}

}  // namespace

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
  for (const auto* component : {&parts.encoder, &parts.language_model})
    if (*component != nullptr)
      for (auto& training : (*component)->trainings())
        planned.pretrain.push_back(std::move(training));
  if (parts.encoder != nullptr) {
    auto checkpoint = checkpoint_of(*parts.encoder, planned.cell.dataset.label, plan_.pretrain);
    planned.weights = std::move(checkpoint.weights);
    planned.pretrain_data = std::move(checkpoint.data);
    planned.in_domain = checkpoint.in_domain;
  }
  for (const auto* component : {&parts.encoder, &parts.task, &parts.mapper, &parts.language_model,
                                &parts.dataset->component})
    take_part(*component);
  const auto reason = problem(planned.cell, parts);
  if (reason.empty()) {
    check_cell(experiment_, planned.cell, *parts.task, *parts.dataset);
    planned.dataset_key = parts.dataset->key;
    planned.dataset = dataset_of(*parts.dataset, planned.cell);
    planned.evaluator = parts.facts->ref;
    planned.mapper = ref_of(parts.mapper);
    planned.language_model = ref_of(parts.language_model);
    add_dataset(parts, planned);
    add_features(parts, planned);
    planned.identity = identity_of(parts, planned);
    planned.key = planned.identity.key();
    planned.fit_key = planned.identity.fit_key();
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

protocol::DatasetRef dataset_ref(const FoundDataset& found, const Component& component) {
  const auto& settings = std::get<DatasetSettings>(component.settings);
  auto dataset = found.whole();
  dataset.limit = settings.limit;
  dataset.validation = settings.validation;
  dataset.shuffle_labels = settings.shuffle_labels;
  dataset.allow_lost = settings.allow_lost;
  return dataset;
}

const AudioOverrides& audio_of(const Component& task) {
  return std::get<TaskSettings>(task.settings).audio;
}

const std::string& dtype_of(const Component& encoder) {
  return std::get<EncoderSettings>(encoder.settings).dtype;
}

}  // namespace

std::shared_ptr<const protocol::DatasetRef> CellPlanner::dataset_of(const FoundDataset& found,
                                                                    const Cell& cell) {
  auto& known = datasets_of_cells_[{&found, cell.dataset.component, cell.fold}];
  if (known == nullptr) {
    auto dataset =
        std::make_shared<protocol::DatasetRef>(dataset_ref(found, *cell.dataset.component));
    dataset->fold = cell.fold;
    known = std::move(dataset);
  }
  return known;
}

void CellPlanner::add_dataset(const Parts& parts, const PlannedCell& planned) {
  const auto& label = planned.cell.dataset.label;
  auto& dataset = plan_.datasets[planned.dataset_key];
  if (!dataset.key.empty()) return;
  dataset = {label, planned.dataset_key, planned.dataset->component, parts.dataset->info,
             parts.dataset->left_out};
  if (!parts.dataset->note.empty())
    plan_.notes.push_back("dataset '" + label + "': " + parts.dataset->note);
}

std::shared_ptr<const protocol::FeatureSource> CellPlanner::source_of(const ReadEncoder& read,
                                                                      const DatasetUse& use) {
  // Features that are looked up depend on the names of a dataset's items, not only on their sound.
  const auto* names = read.encoder->looks_up() ? &use.found : nullptr;
  auto& known = sources_[{read.encoder, read.component, use.task, read.codes, names}];
  if (known != nullptr) return known;
  auto source = std::make_shared<protocol::FeatureSource>();
  source->encoder = read.encoder->ref;
  source->audio = use.task == nullptr ? AudioOverrides() : audio_of(*use.task);
  source->dtype = dtype_of(*read.component);
  source->codes = read.codes;
  source->key = protocol::sha256(Json{{"encoder", read.encoder->identity},
                                      {"audio", source->audio},
                                      {"dtype", source->dtype},
                                      {"codes", source->codes},
                                      {"audio_version", protocol::audio_version}});
  if (names != nullptr) source->key = protocol::sha256(Json{source->key, names->key});
  for (const auto& other : read.encoder->sources)
    source->from.push_back(*source_of(other, use));
  return known = std::move(source);
}

void CellPlanner::add_features(const Parts& parts, PlannedCell& planned) {
  const auto& uses = parts.facts->uses;
  if (!parts.facts->needs_encoder()) return;
  const ReadEncoder read{parts.encoder, planned.cell.encoder.component,
                         uses.codes && !uses.features};
  const DatasetUse use{*parts.dataset, *planned.dataset, planned.cell.dataset.label,
                       planned.cell.task.component};
  planned.source = source_of(read, use);
  if (uses.features || uses.codes) planned.features = add_stage(read, use);
  if (!uses.learner) return;
  for (const auto& source : read.encoder->sources)
    planned.sources.push_back(add_stage(source, use));
}

/// Adds the stage of an encoder on a dataset, and the stages that it reads.
/// @returns its key
std::string CellPlanner::add_stage(const ReadEncoder& read, const DatasetUse& use) {
  const auto& source = *source_of(read, use);
  // The clips of a stage depend on fold and validation share only if a limit leaves some out.
  const auto& dataset = use.dataset;
  Json content{source.key, dataset.key};
  if (dataset.limit > 0)
    content.push_back({dataset.limit, dataset.fold, dataset.validation, protocol::split_version});
  auto key = protocol::sha256(content);
  if (plan_.features.contains(key)) return key;
  FeatureStage stage{key,           use.label, read.encoder->label(),
                     dataset,       source,    read.encoder->pretrain,
                     /*sources=*/{}};
  if (dataset.limit == 0) stage.dataset.fold = 0;
  for (const auto& other : read.encoder->sources)
    stage.sources.push_back(add_stage(other, use));
  plan_.features.emplace(key, std::move(stage));
  return key;
}

CellIdentity CellPlanner::identity_of(const Parts& parts, const PlannedCell& planned) const {
  const auto text = [](const Resolved& component) {
    return component == nullptr ? nullptr : component->identity_text;
  };
  CellIdentity identity;
  identity.encoder = text(parts.encoder);
  identity.evaluator = text(parts.task);
  identity.mapper = text(parts.mapper);
  identity.language_model = text(parts.language_model);
  identity.dataset = host::identity_of(*planned.dataset);
  // Without an encoder, its settings and the audio policy have no effect.
  if (parts.encoder != nullptr) {
    identity.audio = audio_of(*planned.cell.task.component);
    identity.dtype = dtype_of(*planned.cell.encoder.component);
  }
  if (parts.facts->uses.seed) identity.seed = planned.cell.seed;
  identity.metrics = parts.facts->versions;
  identity.replicates = experiment_.replicates;
  return identity;
}

/// The component, and if it is a reader the encoders that it reads.
Resolved CellPlanner::connected(const std::shared_ptr<const Component>& component) {
  auto found = components_.find(component);
  return component->table == Table::encoder ? readers_.connect(component, found) : found;
}

/// The component as cells use it: connected, and with its pretraining applied.
Resolved CellPlanner::ready(const std::shared_ptr<const Component>& component) {
  auto found = connected(component);
  const auto* pretraining = experiment_.pretraining(component->table, component->label);
  if (pretraining == nullptr) return found;
  auto& trained = pretrained_[found];
  if (trained == nullptr) trained = pretrain(*pretraining, *component, found);
  return trained;
}

Resolved CellPlanner::pretrain(const Pretraining& pretraining, const Component& component,
                               const Resolved& found) {
  const auto trainer = components_.find(std::make_shared<const Component>(pretraining.trainer));
  auto as_trained = std::make_shared<Component>(component);
  as_trained->options.update(pretraining.trainee_options);
  const auto trainee = connected(as_trained);
  check_pretraining(*trainee, trainer);
  const auto written =
      std::make_shared<const Component>(*experiment_.find(Table::dataset, pretraining.dataset));
  const auto& data = datasets_.find(components_.find(written));
  auto trained = std::make_shared<ResolvedComponent>(*found);
  for (const auto* missing :
       {&trainee->missing, &trainer->missing, &facts(trainer).missing, &data.missing})
    if (trained->missing.empty()) trained->missing = *missing;
  if (!trained->missing.empty()) return trained;

  PretrainStage stage;
  stage.table = found->component->table;
  stage.label = found->label();
  stage.dataset_label = pretraining.dataset;
  auto& request = stage.request;
  (stage.table == Table::encoder ? request.encoder : request.language_model) = trainee->ref;
  request.evaluator = trainer->ref;
  request.dataset = dataset_ref(data, *written);
  const auto identity_with = [&](const ResolvedComponent& trained_one, bool differs) {
    auto identity = trained_one.identity;
    identity.pretrain = pretrain_identity(trainer->identity, host::identity_of(request.dataset),
                                          request.seed, differs ? &trainee->identity : nullptr);
    return identity;
  };
  trained->identity = identity_with(*found, !pretraining.trainee_options.empty());
  trained->identity_text = CellIdentity::text_of(trained->identity);
  // Components that are trained alike share the training, however they are used afterwards.
  trained->pretrain = stage.key =
      protocol::sha256(std::string_view(*CellIdentity::text_of(identity_with(*trainee, false))));
  trained->weights = "pretrained on " + pretraining.dataset;
  request.file = protocol::path_text(std::filesystem::absolute(cache_) / "pretrained" / stage.key /
                                     (name_of(stage.table) + ".state"));
  trained->ref.state = request.file;
  const DatasetUse use{data, request.dataset, stage.dataset_label};
  for (const auto& source : trainee->sources) {
    request.from.push_back(*source_of(source, use));
    stage.sources.push_back(add_stage(source, use));
  }
  take_part(trainer);
  take_part(data.component);
  plan_.pretrain.emplace(stage.key, std::move(stage));
  return trained;
}

/// @throws Failure (usage) with the position of the pretraining in the file
void CellPlanner::check_pretraining(const ResolvedComponent& trainee, const Resolved& trainer) {
  const auto refuse = [&](const std::string& what) {
    throw Failure(ExitCode::usage, trainer->component->position.text() + ": " + what);
  };
  const auto name = "'" + trainer->entry.id() + "'";
  const bool encoder = trainee.component->table == Table::encoder;
  if (encoder && !trainee.has_ability("learner"))
    refuse("encoder '" + trainee.entry.id() +
           "' cannot be trained; allowed are encoders with the ability 'learner'. Remove the "
           "table, or give a checkpoint as weights");
  if (!facts(trainer).missing.empty()) return;
  const auto& uses = facts(trainer).uses;
  if (!(encoder ? uses.learner : uses.language_model))
    refuse("evaluator " + name + " does not train " +
           (encoder ? "an encoder" : "a language model") + "; allowed are evaluators that use " +
           (encoder ? "a learner" : "a language model") + ". Use one of them");
  for (const auto& [used, other] :
       {std::pair{uses.features, "features"}, std::pair{uses.codes, "codes"},
        std::pair{uses.mapper, "mapper"}, std::pair{uses.learner && !encoder, "learner"},
        std::pair{uses.language_model && encoder, "language_model"},
        std::pair{uses.audio && !encoder, "audio"}})
    if (used)
      refuse("evaluator " + name + " uses " + other +
             ", which is not available in pretraining; allowed " +
             (encoder ? "are a learner and audio" : "is only a language model") +
             ". Change its options, or use another evaluator");
}

}  // namespace earshot::host
