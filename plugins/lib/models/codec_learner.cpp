#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/models/by_length.hpp>
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

/// For each frame of `to`, the weights of the teacher's frames whose centres are within one frame
/// of its own, or of the nearest one: float32 (frames, taught).
at::Tensor window_means(const FeatureSpec& to, std::int64_t frames, const FeatureSpec& from,
                        std::int64_t taught) {
  if (from.frame_rate <= 0) return at::ones({frames, 1});
  const auto centres = [](const FeatureSpec& spec, std::int64_t count) {
    return at::arange(count, at::kDouble) / spec.frame_rate + spec.first_frame;
  };
  const auto apart = (centres(to, frames).unsqueeze(1) - centres(from, taught)).abs();
  const auto closest = apart == std::get<0>(apart.min(1, /*keepdim=*/true));
  const auto near = (apart < 1 / to.frame_rate).logical_or(closest).to(at::kFloat);
  return near / near.sum(1, /*keepdim=*/true);
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

/// The parts of a loss as means over clips.
class CodecLearner::Sum {
 public:
  explicit Sum(std::int64_t clips) : clips_(static_cast<double>(clips)) {}

  void add(const std::string& name, double weight, const at::Tensor& value, std::int64_t clips) {
    const auto share = value * (static_cast<double>(clips) / clips_);
    total_ = total_.defined() ? total_ + weight * share : weight * share;
    for (auto& [known, sum] : parts_)
      if (known == name) {
        sum = sum + share.detach();
        return;
      }
    parts_.emplace_back(name, share.detach());
  }
  void curve(const std::string& name, const at::Tensor& value) { parts_.emplace_back(name, value); }

  Losses losses() const { return {.total = total_, .parts = parts_, .weight = clips_}; }

 private:
  double clips_;
  at::Tensor total_{};
  NamedTensors parts_{};
};

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
               "latents, which until then pass unquantised",
       .min = 1},
      weight_option("waveform", 10, "weight of the distance of samples"),
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
  if (objective.goal != Objective::Goal::reconstruction)
    throw Unsupported(
        "a codec learns to reconstruct audio, neither labels nor what is masked. Set the objective "
        "to reconstruction");
  if (objective.teacher.dim > 0 && !found.can_have_teacher)
    throw Unsupported("this codec learns without a teacher. Leave it out, or train mimi");
  const bool judged =
      options_.flag("discriminator") && weights_.adversarial + weights_.features > 0;
  if (weights_.waveform + weights_.mel + weights_.stft == 0 && !judged)
    throw ConfigError(
        "waveform_weight, mel_weight and stft_weight are all 0; at least one is needed, or a "
        "discriminator, since nothing else compares the copy with the original");
  parts_ = std::move(found);
  const at::NoGradGuard no_grad;
  if (parts_->random) keep_variance(parts_->weights);
  for (auto& [name, tensor] : parts_->weights)
    tensor.set_requires_grad(true);
  spectral_.emplace(parts_->needs.sample_rate, device_);
  for (std::size_t n = 0; n < parts_->codebooks.size(); ++n)
    halves_.emplace_back(parts_->codebooks[n], "codebooks." + std::to_string(n) + ".",
                         LearntCodebooks::Settings{.decay = options_.number("codebook_decay"),
                                                   .revive = options_.number("revive"),
                                                   .start = options_.integer("continuous_steps"),
                                                   .random = parts_->random,
                                                   .seed = derive(seed_, "codebooks", n)});
  if (objective.teacher.dim > 0) {
    weights_.teacher = options_.number("teacher_weight");
    const auto in = parts_->frames.dim, out = objective.teacher.dim;
    const auto bound = 1 / std::sqrt(static_cast<double>(in));
    const auto drawn = [&](at::IntArrayRef sizes) {
      return at::empty(sizes, at::kFloat).uniform_(-bound, bound).to(device_).requires_grad_(true);
    };
    teacher_ = Linear{.weight = drawn({out, in}), .bias = drawn({out})};
  }
  if (options_.flag("discriminator"))
    discriminator_.emplace(
        StftDiscriminator::Options{.filters = options_.integer("discriminator_filters")}, device_);
}

NamedTensors CodecLearner::model_parameters() const {
  if (!parts_) return {};
  auto all = parts_->weights;
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
  load_tensors(state, stored());
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

/// Of each clip, int64 (clips).
at::Tensor CodecLearner::drawn_levels(std::int64_t clips) const {
  std::int64_t levels = 0;
  for (const auto& half : halves_)
    levels += half.levels();
  const auto all = at::full({clips}, levels, at::kLong);
  if (!training_) return all;
  const auto drops = at::rand({clips}) < level_dropout_;
  return at::where(drops, at::randint(1, levels + 1, {clips}, at::kLong), all);
}

CodecLearner::Decoded CodecLearner::decode(const at::Tensor& audio, const at::Tensor& levels,
                                           std::int64_t step, bool training) {
  Decoded made{.original = audio};
  at::Tensor commitment;
  std::int64_t before = 0;
  const auto decoded = reconstruct(audio, [&](std::size_t number, const at::Tensor& x) {
    auto& half = halves_.at(number);
    const auto quantised =
        half.quantise(x, (levels - before).clamp(0, half.levels()), step, training);
    before += half.levels();
    made.numbers.push_back(quantised.numbers);
    commitment = commitment.defined() ? commitment + quantised.commitment : quantised.commitment;
    if (number == 0) made.first = quantised.values;
    return quantised.values;
  });
  made.copy = decoded.narrow(2, 0, audio.size(2)).to(at::kFloat);
  made.commitment = (commitment / levels.to(audio.device())).mean();
  return made;
}

at::Tensor CodecLearner::teacher_loss(const at::Tensor& first, const FeatureBatch& teacher,
                                      const std::vector<std::int64_t>& clips) const {
  const auto frames = first.size(1);
  std::vector<at::Tensor> taught;
  for (const auto clip : clips) {
    const auto length = teacher.lengths[clip].item<std::int64_t>();
    const auto means = window_means(parts_->frames, frames, teacher.spec, length);
    taught.push_back(at::mm(means.to(device_),
                            teacher.values[clip].narrow(0, 0, length).to(device_, at::kFloat)));
  }
  const auto said = at::linear(first, teacher_->weight, teacher_->bias);
  return 1 - at::cosine_similarity(said, at::stack(taught), 2).mean();
}

void CodecLearner::add_distances(Sum& sum, const Decoded& made) const {
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const auto clips = made.original.size(0);
  const auto copy = made.copy.flatten(0, 1), original = made.original.flatten(0, 1);
  sum.add("waveform", weights_.waveform, (copy - original).abs().mean(), clips);
  sum.add("mel", weights_.mel, spectral_->mel(copy, original), clips);
  sum.add("stft", weights_.stft, spectral_->stft(copy, original), clips);
  sum.add("commitment", weights_.commitment, made.commitment, clips);
}

void CodecLearner::add_critique(Sum& sum, const Decoded& made) const {
  const auto clips = made.original.size(0);
  const auto critique = discriminator_->criticise(made.original, made.copy);
  sum.add("adversarial", weights_.adversarial, critique.adversarial, clips);
  sum.add("features", weights_.features, critique.features, clips);
}

Losses CodecLearner::model_loss(const LearnerBatch& batch, const Turn& turn) {
  const auto start = options_.integer("continuous_steps");
  if (parts_->random && turn.steps > 0 && turn.steps <= start + 1)
    throw ConfigError("continuous_steps is " + std::to_string(start) + ", and the training has " +
                      std::to_string(turn.steps) +
                      " steps; no codebook would be learnt. Set continuous_steps to less, at most "
                      "half of max_steps");
  const auto count = batch.audio.samples.size(0);
  if (turn.part == 0) decoded_.clear();
  auto& kept = decoded_[turn.part];
  kept.clear();
  const auto levels = drawn_levels(count);
  Sum sum(count);
  std::vector<at::Tensor> numbers(halves_.size());
  each_length(batch.audio.lengths, count, [&](std::int64_t length, const auto& clips) {
    const auto audio = pick(batch.audio.samples, clips).narrow(2, 0, length).contiguous();
    auto made = decode(audio, pick(levels, clips), turn.step, training_);
    add_distances(sum, made);
    if (teacher_)
      sum.add("teacher", weights_.teacher, teacher_loss(made.first, batch.teacher, clips),
              std::ssize(clips));
    if (discriminator_) add_critique(sum, made);
    for (std::size_t n = 0; n < numbers.size(); ++n)
      numbers[n] = numbers[n].defined() ? numbers[n] + made.numbers[n] : made.numbers[n];
    if (discriminator_) kept.push_back({.original = audio, .copy = made.copy.detach()});
  });
  const auto usage = code_usage(at::cat(numbers));
  sum.curve("usage", usage.share);
  sum.curve("perplexity", usage.perplexity);
  return sum.losses();
}

Losses CodecLearner::discriminator_loss(const LearnerBatch& batch, const Turn& turn) {
  const auto found = decoded_.find(turn.part);
  if (found == decoded_.end())
    throw ContractError(
        "the discriminator's turn came before the model's; expected the order of groups()");
  Sum sum(batch.audio.samples.size(0));
  for (const auto& made : found->second) {
    const auto judgement = discriminator_->judge(made.original, made.copy);
    sum.add("original", 1, judgement.original, made.original.size(0));
    sum.add("decoded", 1, judgement.decoded, made.original.size(0));
  }
  return sum.losses();
}

Losses CodecLearner::loss(const LearnerBatch& batch, const Turn& turn) {
  if (!parts_) throw ContractError("prepare() has not been called");
  check_audio(batch.audio, parts_->needs);
  if (teacher_ && !batch.teacher.values.defined())
    throw ContractError("a batch has no features of the teacher; expected those of its clips");
  return turn.group == 0 ? model_loss(batch, turn) : discriminator_loss(batch, turn);
}

}  // namespace earshot::kit
