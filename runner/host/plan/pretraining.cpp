#include <algorithm>

#include "host/base/failure.hpp"
#include "host/plan/cell_plan.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"
#include "protocol/versions.hpp"

namespace earshot::host {

/// The component with what its pretraining makes of it, or as it is when it has none.
const FoundComponent& CellPlanner::pretrained(const std::string& table,
                                              const CellComponent& component) {
  const auto& found = components_.find(table, component);
  const auto trainings = experiment_.components.find("pretrain");
  if (trainings == experiment_.components.end() ||
      !trainings->second.contains(table + "." + component.label))
    return found;
  const auto known = pretrained_.find(&found);
  if (known != pretrained_.end()) return known->second;
  return pretrained_.emplace(&found, pretrain(table, component, found)).first->second;
}

FoundComponent CellPlanner::pretrain(const std::string& table, const CellComponent& component,
                                     const FoundComponent& found) {
  const auto name = table + "." + component.label;
  const auto& written = experiment_.components.at("pretrain").at(name);
  const auto& trainer = components_.find_written("pretrain", name);
  auto as_trained = component;
  as_trained.options.update(written.settings);
  const auto& trainee = components_.find(table, as_trained);
  check_pretraining(table, trainee, trainer);
  const auto& data = datasets_.find(components_.find_written("dataset", written.dataset));
  auto trained = found;
  for (const auto* missing : {&trainer.missing, &facts(trainer).missing, &data.missing})
    if (trained.missing.empty()) trained.missing = *missing;
  if (!trained.missing.empty()) return trained;

  PretrainStage stage;
  stage.table = table;
  stage.label = component.label;
  stage.dataset_label = written.dataset;
  auto& request = stage.request;
  (table == "encoder" ? request.encoder : request.language_model) = trainee.ref;
  request.evaluator = trainer.ref;
  request.dataset =
      dataset_ref(data, experiment_.components.at("dataset").at(written.dataset).settings);
  trained.identity["pretrain"] = {{"evaluator", trainer.identity},
                                  {"dataset", identity_of(request.dataset)},
                                  {"seed", request.seed},
                                  {"audio_version", protocol::audio_version},
                                  {"split_version", protocol::split_version}};
  if (!written.settings.empty()) trained.identity["pretrain"]["trained"] = trainee.identity;
  trained.identity_text = protocol::canonical(trained.identity);
  trained.pretrain = stage.key = protocol::sha256(trained.identity);
  trained.weights = "pretrained on " + written.dataset;
  request.file = protocol::path_text(std::filesystem::absolute(cache_) / "pretrained" / stage.key /
                                     (table + ".state"));
  trained.ref.state = request.file;
  for (const auto* part : {&trainer, data.component})
    take_part(part);
  plan_.pretrain.emplace(stage.key, std::move(stage));
  return trained;
}

/// @throws Failure (usage) positioned where the pretraining is written
void CellPlanner::check_pretraining(const std::string& table, const FoundComponent& trainee,
                                    const FoundComponent& trainer) {
  const auto refuse = [&](const std::string& what) {
    throw Failure(ExitCode::usage, trainer.position.text() + ": " + what);
  };
  const auto name = "'" + trainer.entry.id() + "'";
  const bool encoder = table == "encoder";
  if (encoder && !has_ability(trainee, "learner"))
    refuse("encoder '" + trainee.entry.id() +
           "' cannot be trained; allowed are encoders with the ability 'learner'. Remove the "
           "table, or give a checkpoint as weights");
  const auto& uses = facts(trainer);
  if (!uses.missing.empty()) return;
  const std::string what = encoder ? "a learner" : "a language model";
  if (!uses.needs(encoder ? "learner" : "language_model"))
    refuse("evaluator " + name + " does not train " +
           (encoder ? "an encoder" : "a language model") + "; allowed are evaluators that use " +
           what + ". Use one of them");
  for (const auto* other : {"features", "codes", "mapper", "learner", "language_model", "audio"})
    if (uses.needs(other) && other != std::string(encoder ? "learner" : "language_model") &&
        !(encoder && other == std::string("audio")))
      refuse("evaluator " + name + " uses " + other +
             ", which is not available in pretraining; allowed " +
             (encoder ? "are a learner and audio" : "is only a language model") +
             ". Change its options, or use another evaluator");
}

}  // namespace earshot::host
