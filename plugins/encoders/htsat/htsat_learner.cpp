#include <ATen/ATen.h>

#include <lib/models/stored_tensors.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/input_checks.hpp>

#include "htsat.hpp"

// Htsat as a Learner.

namespace htsat {

using earshot::AudioBatch;
using earshot::State;
using earshot::Unsupported;

namespace {

constexpr const char* running_mean = "bn0.running_mean";
constexpr const char* running_variance = "bn0.running_var";
constexpr double momentum = 0.1;  // of torch.nn.BatchNorm2d, with which the reference trains

}  // namespace

void Htsat::prepare(const earshot::Objective& objective) {
  const auto& a = model_.architecture();
  // Their queries, keys and values, and a second patch embedding, are views of other tensors.
  if (a.family == Family::transformers)
    throw Unsupported(
        "checkpoints and presets of transformers' CLAP cannot be trained here; those of msclap and "
        "Mellow can, as can the preset \"tiny\"");
  if (tap_.kind == Tap::Kind::embedding || tap_.kind == Tap::Kind::mellow)
    throw Unsupported(
        "features for a language model or for comparison with texts are not trained here; allowed: "
        "frames_32, stage0 to stage3, posterior, grid, pooled");
  if (objective.goal == earshot::Objective::Goal::reconstruction) {
    prepare_reconstruction(objective);
  } else {
    const auto width = tap_.kind == Tap::Kind::grid ? a.final_width() : spec().dim;
    heads_.emplace(objective, width, device_);
  }
  for (auto& [name, parameter] : parameters())
    parameter.set_requires_grad(true);
  mel_sums_ = at::zeros({3, a.front_end.mels}, at::TensorOptions(at::kDouble).device(device_));
}

void Htsat::prepare_reconstruction(const earshot::Objective& objective) {
  if (objective.teacher.dim > 0)
    throw Unsupported("htsat gives back its picture without a teacher. Leave it out");
  if (tap_.kind == Tap::Kind::posterior)
    throw Unsupported(
        "a picture is not given back from class probabilities; allowed features: frames_32, stage0 "
        "to stage3, grid, pooled");
  const auto& a = model_.architecture();
  const auto stage = a.stage(last_stage());
  decoder_.emplace(stage.width, a.picture / stage.rows, device_);
}

earshot::NamedTensors Htsat::parameters() const {
  earshot::NamedTensors all;
  if (!heads_ && !decoder_) return all;
  for (const auto& [name, tensor] : model_.parameters())
    if (learns_and_runs(name)) all.emplace_back(name, tensor);
  const auto& heads = heads_ ? heads_->parameters() : decoder_->parameters();
  all.insert(all.end(), heads.begin(), heads.end());
  return all;
}

void Htsat::train(bool on) {
  model_.train(on);
  if (!on) model_.tabulate();  // anew, since the tables of position biases have changed
}

at::Tensor Htsat::pictures_of(const AudioBatch& audio) const {
  const auto samples = audio.samples.cpu();
  const auto clips = samples.size(0);
  std::vector<at::Tensor> mels(static_cast<std::size_t>(clips));
  each(clips, [&](std::int64_t b) {
    const auto length = audio.lengths[b].item<std::int64_t>();
    if (length > clip_samples_)
      throw earshot::DataError("a clip of " + std::to_string(length) +
                               " samples to learn from; the model takes " +
                               std::to_string(clip_samples_) + " at once. Lower crop_seconds");
    mels[static_cast<std::size_t>(b)] =
        model_
            .front_end()({samples.const_data_ptr<float>() + b * samples.size(2),
                          static_cast<std::size_t>(length)})
            .mels.narrow(0, 0, 1);
  });
  return at::stack(mels).to(device_);
}

at::Tensor Htsat::clip_vectors(const at::Tensor& mels) const {
  if (tap_.of_clip()) return model_.grid(mels).mean(1);
  return picture_features(mels).mean(1);
}

at::Tensor Htsat::tokens(const at::Tensor& mels) const {
  return tap_.kind == Tap::Kind::stage ? model_.stage_output(mels, tap_.stage) : model_.grid(mels);
}

earshot::Losses Htsat::loss(const earshot::LearnerBatch& batch, const earshot::Turn&) {
  earshot::kit::check_audio(batch.audio, needs());
  const auto mels = pictures_of(batch.audio);
  if (model_.training()) {
    model_.tabulate();  // differentiable in the tables
    const auto values = mels.detach().to(at::kDouble).flatten(0, 2);
    mel_sums_[0].add_(static_cast<double>(values.size(0)));
    mel_sums_[1].add_(values.sum(0));
    mel_sums_[2].add_(values.square().sum(0));
  }
  return decoder_ ? decoder_->loss(tokens(mels), model_.picture(mels).detach())
                  : heads_->loss(clip_vectors(mels), batch);
}

std::vector<at::Tensor> Htsat::step_sums() {
  return {mel_sums_};
}

/// As batch norm keeps running statistics: of the variance, the estimate without bias.
void Htsat::finish_step(std::int64_t) {
  const auto& tensors = model_.parameters();
  auto mean = tensors.at(running_mean), variance = tensors.at(running_variance);
  const auto count = mel_sums_[0];
  const auto batch_mean = mel_sums_[1] / count;
  const auto batch_variance = (mel_sums_[2] - count * batch_mean.square()) / (count - 1);
  mean.lerp_(batch_mean.to(at::kFloat), momentum);
  variance.lerp_(batch_variance.to(at::kFloat), momentum);
  mel_sums_.zero_();
}

earshot::NamedTensors Htsat::stored() const {
  auto all = parameters();
  if (!heads_ && !decoder_) return all;
  for (const auto* name : {running_mean, running_variance})
    all.emplace_back(name, model_.parameters().at(name));
  return all;
}

State Htsat::state() const {
  return earshot::kit::state_of(stored());
}

void Htsat::load_state(const State& state) {
  earshot::kit::load_tensors(state, stored());
  model_.tabulate();
}

State Htsat::export_weights() const {
  State weights;
  for (const auto& [name, tensor] : model_.parameters())
    weights.tensors.emplace(msclap_name(name), tensor.detach());
  if (const auto& filters = model_.stored_filters(); filters.defined())
    weights.tensors.emplace(msclap_name(filters_name), filters.t());
  weights.text["config.json"] = "{\"model_type\": \"htsat\", \"spec_size\": " +
                                std::to_string(model_.architecture().picture) + "}\n";
  return weights;
}

}  // namespace htsat
