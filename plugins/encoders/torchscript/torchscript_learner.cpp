#include <map>

#include <ATen/ATen.h>

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
  std::map<std::int64_t, std::vector<std::int64_t>> by_length;
  for (std::int64_t b = 0; b < audio.samples.size(0); ++b)
    by_length[audio.lengths[b].item<std::int64_t>()].push_back(b);
  std::vector<at::Tensor> vectors;
  std::vector<std::int64_t> order;
  for (const auto& [length, clips] : by_length) {
    const auto rows = at::tensor(clips, at::kLong).to(audio.samples.device());
    vectors.push_back(
        run(audio.samples.index_select(0, rows).narrow(2, 0, length).contiguous()).mean(1));
    order.insert(order.end(), clips.begin(), clips.end());
  }
  const auto back = at::tensor(order, at::kLong).argsort().to(audio.samples.device());
  return at::cat(vectors).index_select(0, back);
}

earshot::Losses TorchScript::loss(const earshot::LearnerBatch& batch, const earshot::Turn&) {
  earshot::kit::check_audio(batch.audio, needs());
  return heads_->loss(clip_vectors(batch.audio), batch);
}

State TorchScript::state() const {
  auto state = Learner::state();
  if (!heads_) return state;
  for (const auto& [name, tensor] : module_.buffers())
    state.tensors.emplace(own + name, tensor);
  return state;
}

void TorchScript::load_state(const State& state) {
  auto rest = state;
  for (auto [name, tensor] : module_.buffers()) {
    const auto found = rest.tensors.find(own + name);
    if (found == rest.tensors.end() || found->second.sizes() != tensor.sizes())
      throw earshot::DataError("state lacks tensor '" + (own + name) + "' of shape " +
                               c10::str(tensor.sizes()));
    tensor.copy_(found->second);
    rest.tensors.erase(found);
  }
  Learner::load_state(rest);
}

}  // namespace torchscript
