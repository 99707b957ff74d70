#include <ATen/ATen.h>

#include <lib/models/by_length.hpp>
#include <lib/models/stored_tensors.hpp>

#include <earshot/kit/input_checks.hpp>

#include "torchscript.hpp"

// TorchScript as a Learner.

namespace torchscript {

using earshot::State;

namespace {

constexpr const char* own = "model.";  // before the module's names: heads have names of their own

}  // namespace

void TorchScript::prepare(const earshot::Objective& objective) {
  const auto parameters = module_.parameters();
  if (parameters.empty())
    throw earshot::Unsupported(
        file_.string() +
        ": the model has no parameters to train; a frozen one (torch.jit.freeze) has none left. "
        "Save it as scripted or traced");
  for (auto [name, parameter] : parameters) {
    if (parameter.scalar_type() != at::kFloat)
      throw earshot::Unsupported(file_.string() + ": the parameter '" + name + "' is " +
                                 c10::toString(parameter.scalar_type()) +
                                 "; float32 is needed for training");
    parameter.set_requires_grad(true);
  }
  heads_.emplace(objective, spec_.dim, device_);
}

earshot::NamedTensors TorchScript::parameters() const {
  earshot::NamedTensors all;
  if (!heads_) return all;
  for (const auto& [name, tensor] : module_.parameters())
    all.emplace_back(own + name, tensor);
  all.insert(all.end(), heads_->parameters().begin(), heads_->parameters().end());
  return all;
}

/// Clips of one length run together, however many they are: the model may use their statistics.
at::Tensor TorchScript::clip_vectors(const earshot::AudioBatch& audio) {
  const auto rows = earshot::kit::by_length(
      audio.samples, audio.lengths, audio.samples.size(0),
      [&](const at::Tensor& clips) { return run(clips.contiguous()).mean(1, /*keepdim=*/true); });
  return rows.values.squeeze(1);
}

earshot::Losses TorchScript::loss(const earshot::LearnerBatch& batch, const earshot::Turn&) {
  earshot::kit::check_audio(batch.audio, needs());
  return heads_->loss(clip_vectors(batch.audio), batch);
}

earshot::NamedTensors TorchScript::stored() const {
  auto all = parameters();
  if (!heads_) return all;
  for (const auto& [name, tensor] : module_.buffers())
    all.emplace_back(own + name, tensor);
  return all;
}

State TorchScript::state() const {
  return earshot::kit::state_of(stored());
}

void TorchScript::load_state(const State& state) {
  earshot::kit::load_tensors(state, stored());
}

State TorchScript::export_weights() const {
  throw earshot::Unsupported(
      file_.string() +
      ": the weights are a TorchScript program, which a file of tensors cannot replace. Use the "
      "encoder in the experiment that trains it");
}

}  // namespace torchscript
