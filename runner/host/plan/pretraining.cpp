#include <algorithm>

#include "host/base/failure.hpp"
#include "host/plan/cell_plan.hpp"
#include "protocol/hash.hpp"
#include "protocol/versions.hpp"

namespace earshot::host {

/// The encoder with what its pretraining makes of it, or as it is when it has none.
const FoundComponent& CellPlanner::pretrained(const FoundComponent& encoder) {
  const auto trainings = experiment_.components.find("pretrain");
  if (trainings == experiment_.components.end() || !trainings->second.contains(encoder.label))
    return encoder;
  const auto known = pretrained_.find(&encoder);
  if (known != pretrained_.end()) return known->second;
  return pretrained_.emplace(&encoder, pretrain(encoder)).first->second;
}

FoundComponent CellPlanner::pretrain(const FoundComponent& encoder) {
  const auto& written = experiment_.components.at("pretrain").at(encoder.label);
  const auto& trainer = components_.find_written("pretrain", encoder.label);
  check_pretraining(encoder, trainer);
  const auto& data = datasets_.find(components_.find_written("dataset", written.dataset));
  auto trained = encoder;
  for (const auto* missing : {&trainer.missing, &facts(trainer).missing, &data.missing})
    if (trained.missing.empty()) trained.missing = *missing;
  if (!trained.missing.empty()) return trained;

  PretrainStage stage;
  stage.encoder_label = encoder.label;
  stage.dataset_label = written.dataset;
  auto& request = stage.request;
  request.encoder = encoder.ref;
  request.evaluator = trainer.ref;
  request.dataset =
      dataset_ref(data, experiment_.components.at("dataset").at(written.dataset).settings);
  trained.identity["pretrain"] = {{"evaluator", trainer.identity},
                                  {"dataset", identity_of(request.dataset)},
                                  {"seed", request.seed},
                                  {"audio_version", protocol::audio_version},
                                  {"split_version", protocol::split_version}};
  trained.identity_text = protocol::canonical(trained.identity);
  trained.pretrain = stage.key = protocol::sha256(trained.identity);
  trained.weights = "pretrained on " + written.dataset;
  request.file =
      (std::filesystem::absolute(cache_) / "pretrained" / stage.key / "encoder.state").string();
  trained.ref.state = request.file;
  for (const auto* component : {&trainer, data.component})
    take_part(component);
  plan_.pretrain.emplace(stage.key, std::move(stage));
  return trained;
}

/// @throws Failure (usage) positioned where the pretraining is written
void CellPlanner::check_pretraining(const FoundComponent& encoder, const FoundComponent& trainer) {
  const auto refuse = [&](const std::string& what) {
    throw Failure(ExitCode::usage, trainer.position.text() + ": " + what);
  };
  const auto name = "'" + trainer.entry.id() + "'";
  if (!has_ability(encoder, "learner"))
    refuse("encoder '" + encoder.entry.id() +
           "' cannot be trained; allowed are encoders with the ability 'learner'. remove the "
           "table, or name a checkpoint as weights");
  const auto& uses = facts(trainer);
  if (!uses.missing.empty()) return;
  if (!uses.needs("learner"))
    refuse("evaluator " + name +
           " trains no encoder; allowed are evaluators that use a learner. name one of them");
  for (const auto* other : {"features", "codes", "mapper", "language_model"})
    if (uses.needs(other))
      refuse("evaluator " + name + " uses " + other +
             ", which pretraining does not have; allowed are a learner and audio. change its "
             "options, or name another evaluator");
}

}  // namespace earshot::host
