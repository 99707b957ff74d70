#include <ATen/ATen.h>

#include <lib/models/batch_norm.hpp>
#include <lib/models/clip_reader.hpp>
#include <lib/models/stored_tensors.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

FeatureBatch ClipReader::encode(const AudioBatch&) {
  throw Unsupported("it reads another encoder and takes no audio");
}

FeatureBatch ClipReader::read(std::span<const SourceBatch> sources) {
  const auto values = vectors(sources, false);
  return {.values = values.unsqueeze(1),
          .lengths = at::ones({values.size(0)}, at::kLong),
          .spec = spec()};
}

void ClipReader::prepare(const Objective& objective) {
  prepare_heads(objective, true);
}

void ClipReader::prepare_heads(const Objective& objective, bool labels) {
  heads_.emplace(objective, width(), device_, labels);
  for (const auto& [name, tensor] : tensors())
    if (!BatchNorm::is_statistic(name)) tensor.set_requires_grad(true);
}

const ClipHeads& ClipReader::heads() const {
  if (!heads_) throw ContractError("prepare() has not been called");
  return *heads_;
}

NamedTensors ClipReader::parameters() const {
  NamedTensors all;
  for (const auto& [name, tensor] : tensors())
    if (!BatchNorm::is_statistic(name)) all.emplace_back(name, tensor);
  if (heads_) all.insert(all.end(), heads_->parameters().begin(), heads_->parameters().end());
  return all;
}

NamedTensors ClipReader::stored() const {
  auto all = parameters();
  for (const auto& [name, tensor] : tensors())
    if (BatchNorm::is_statistic(name)) all.emplace_back(name, tensor);
  return all;
}

Losses ClipReader::loss(const LearnerBatch& batch, const Turn&) {
  const auto& layers = heads();
  return layers.loss(vectors(batch.sources, training_), batch);
}

State ClipReader::state() const {
  return state_of(stored());
}

void ClipReader::load_state(const State& state) {
  load_tensors(state, stored());
}

State ClipReader::export_weights() const {
  State weights;
  for (const auto& [name, tensor] : tensors())
    weights.tensors.emplace(name, tensor.detach());
  return weights;
}

std::int64_t ClipReader::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& [name, tensor] : tensors())
    if (!BatchNorm::is_statistic(name)) count += tensor.numel();
  return count;
}

}  // namespace earshot::kit
