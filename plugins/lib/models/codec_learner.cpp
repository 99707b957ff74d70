#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/models/codec_learner.hpp>
#include <lib/models/stored_tensors.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/input_checks.hpp>
#include <earshot/kit/random.hpp>

namespace earshot::kit {

namespace {

constexpr const char* discriminator_prefix = "discriminator/";

OptionSpec weight_option(const std::string& name, double value, const std::string& help) {
  return {.name = name + "_weight", .value = value, .help = "In training: " + help, .min = 0};
}

/// Random weights are drawn evenly between +-1 / sqrt(fan-in) (kit::Initial::fan_in), which leaves
/// a third of the variance of a layer's input. After a codec's layers nothing but biases is left,
/// and for thousands of steps all clips would have the same latents. So convolutions begin with
/// three times the variance, which keeps that of their input (He et al. 2015, "Delving Deep into
/// Rectifiers", with a gain of 1 for ELU), and without biases.
void keep_variance(const NamedTensors& weights) {
  for (auto [name, tensor] : weights)
    if (name.ends_with("bias"))
      tensor.zero_();
    else if (tensor.dim() > 2)
      tensor.mul_(std::sqrt(3.0));
}

}  // namespace

OptionSchema CodecLearner::training_options() {
  return {
      {.name = "level_dropout",
       .value = 0.5,
       .help = "In training: probability with which the number of levels of a clip is drawn, from "
               "1 to all; otherwise it has all",
       .min = 0,
       .max = 1},
      {.name = "codebook_decay",
       .value = 0.99,
       .help = "In training: decay of the averages that codebooks follow",
       .min = 0,
       .max = 1},
      {.name = "revive",
       .value = 20.0,
       .help = "In training: an entry moves to a new place if it is not chosen once while it would "
               "have been this many times, were all chosen equally often; 0: never",
       .min = 0},
      {.name = "continuous_steps",
       .value = std::int64_t{100},
       .help = "In training, with random weights: number of steps before codebooks are drawn from "
               "latents, which until then pass unquantised; at most a quarter of all",
       .min = 1},
      weight_option("waveform", 2, "weight of the distance of samples"),
      weight_option("mel", 0.1, "weight of the distance of mel spectra"),
      weight_option("stft", 0.1, "weight of the distance of spectra"),
      weight_option("commitment", 0.25, "weight of the distance from codebook entries"),
      {.name = "discriminator",
       .value = false,
       .help = "In training: a second network learns to tell decoded audio from originals, and the "
               "codec to deceive it"},
      {.name = "discriminator_filters",
       .value = std::int64_t{32},
       .help = "Width of the discriminator's convolutions",
       .min = 1,
       .max = 4096},
      weight_option("adversarial", 1, "weight of deceiving the discriminator"),
      weight_option("features", 2, "weight of the distance of the discriminator's activations"),
  };
}

CodecLearner::CodecLearner(const Options& options, const Context& context)
    : options_(options),
      device_(context.device),
      seed_(static_cast<std::uint64_t>(options.integer("seed"))),
      weights_{.waveform = options.number("waveform_weight"),
               .mel = options.number("mel_weight"),
               .stft = options.number("stft_weight"),
               .commitment = options.number("commitment_weight"),
               .teacher = 0,
               .adversarial = options.number("adversarial_weight"),
               .features = options.number("features_weight")},
      level_dropout_(options.number("level_dropout")) {}

void CodecLearner::prepare(const Objective& objective) {
  auto found = parts();
  const bool reconstructs = objective.goal == Objective::Goal::reconstruction;
  if (objective.goal == Objective::Goal::masked)
    throw Unsupported(
        "a codec learns to reconstruct audio, or to tell labels or a teacher's features by its "
        "codes, not what is masked");
  if (reconstructs)
    check_reconstruction(objective, found);
  else if (options_.flag("discriminator"))
    throw ConfigError(
        "discriminator judges decoded audio, of which there is none with this objective. Leave it "
        "out, or set the objective to reconstruction");
  parts_ = std::move(found);
  const at::NoGradGuard no_grad;
  if (parts_->random) {
    keep_variance(parts_->encoder);
    keep_variance(parts_->decoder);
  }
  for (std::size_t n = 0; n < parts_->codebooks.size(); ++n)
    halves_.emplace_back(parts_->codebooks[n], "codebooks." + std::to_string(n) + ".",
                         LearntCodebooks::Settings{
                             .decay = options_.number("codebook_decay"),
                             .revive = options_.number("revive"),
                             .random = parts_->random,
                             .seed = derive(seed_, "codebooks", static_cast<std::int64_t>(n))});
  if (reconstructs)
    prepare_reconstruction(objective);
  else
    heads_.emplace(objective, parts_->width, device_);
  for (auto& [name, tensor] : model_parameters())
    at::Tensor(tensor).set_requires_grad(true);
}

void CodecLearner::check_reconstruction(const Objective& objective, const CodecParts& found) const {
  if (objective.teacher.dim > 0 && !found.can_have_teacher)
    throw Unsupported("this codec learns without a teacher. Leave it out, or train mimi");
  const bool judged =
      options_.flag("discriminator") && weights_.adversarial + weights_.features > 0;
  if (weights_.waveform + weights_.mel + weights_.stft == 0 && !judged)
    throw ConfigError(
        "waveform_weight, mel_weight and stft_weight are all 0; at least one is needed, or a "
        "discriminator, since nothing else compares the copy with the original");
}

void CodecLearner::prepare_reconstruction(const Objective& objective) {
  spectral_.emplace(parts_->needs.sample_rate, device_);
  if (objective.teacher.dim > 0) {
    weights_.teacher = options_.number("teacher_weight");
    const auto in = parts_->frames.dim, out = objective.teacher.dim;
    const auto bound = 1 / std::sqrt(static_cast<double>(in));
    const auto drawn = [&](at::IntArrayRef sizes) {
      return at::empty(sizes, at::kFloat).uniform_(-bound, bound).to(device_);
    };
    teacher_ = Linear{.weight = drawn({out, in}), .bias = drawn({out})};
  }
  if (options_.flag("discriminator"))
    discriminator_.emplace(
        StftDiscriminator::Options{.filters = options_.integer("discriminator_filters")}, device_);
}

NamedTensors CodecLearner::model_parameters() const {
  if (!parts_) return {};
  auto all = parts_->encoder;
  if (heads_) {
    all.insert(all.end(), heads_->parameters().begin(), heads_->parameters().end());
    return all;
  }
  all.insert(all.end(), parts_->decoder.begin(), parts_->decoder.end());
  if (teacher_) {
    all.emplace_back("teacher.weight", teacher_->weight);
    all.emplace_back("teacher.bias", teacher_->bias);
  }
  return all;
}

std::vector<ParameterGroup> CodecLearner::groups() const {
  std::vector<ParameterGroup> all{{.name = "model", .parameters = model_parameters()}};
  if (!discriminator_) return all;
  NamedTensors judges;
  for (const auto& [name, tensor] : discriminator_->parameters())
    judges.emplace_back(discriminator_prefix + name, tensor);
  all.push_back({.name = "discriminator", .parameters = std::move(judges)});
  return all;
}

NamedTensors CodecLearner::parameters() const {
  NamedTensors all;
  for (const auto& group : groups())
    all.insert(all.end(), group.parameters.begin(), group.parameters.end());
  return all;
}

NamedTensors CodecLearner::stored() const {
  auto all = parameters();
  for (const auto& half : halves_) {
    const auto own = half.stored();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

State CodecLearner::state() const {
  return state_of(stored());
}

void CodecLearner::load_state(const State& state) {
  // A codec that was trained with more levels than are used here has the tensors of these too.
  const auto own = stored();
  State needed;
  for (const auto& [name, tensor] : own)
    if (const auto found = state.tensors.find(name); found != state.tensors.end())
      needed.tensors.insert(*found);
  load_tensors(needed, own);
  for (auto& half : halves_)
    half.loaded();
}

std::vector<at::Tensor> CodecLearner::step_sums() {
  std::vector<at::Tensor> all;
  for (const auto& half : halves_) {
    const auto own = half.step_sums();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

void CodecLearner::finish_step(std::int64_t step) {
  decoded_.clear();
  for (auto& half : halves_)
    half.finish_step(step);
}

}  // namespace earshot::kit
