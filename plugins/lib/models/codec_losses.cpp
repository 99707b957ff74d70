#include <algorithm>

#include <ATen/ATen.h>

#include <lib/models/by_length.hpp>
#include <lib/models/codec_learner.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/input_checks.hpp>

// The losses of CodecLearner.

namespace earshot::kit {

namespace {

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

}  // namespace

/// The parts of a loss as means over clips, and how evenly codebooks are used, if they are counted.
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
  /// How often each entry was chosen, by half.
  void count(const std::vector<at::Tensor>& numbers) {
    numbers_.resize(numbers.size());
    for (std::size_t n = 0; n < numbers.size(); ++n)
      numbers_[n] = numbers_[n].defined() ? numbers_[n] + numbers[n] : numbers[n];
  }

  Losses losses() const {
    Losses losses{.total = total_, .parts = parts_, .weight = clips_};
    if (numbers_.empty()) return losses;
    const auto usage = code_usage(at::cat(numbers_));
    losses.parts.emplace_back("usage", usage.share);
    losses.parts.emplace_back("perplexity", usage.perplexity);
    return losses;
  }

 private:
  double clips_;
  at::Tensor total_{};
  NamedTensors parts_{};
  std::vector<at::Tensor> numbers_{};
};

/// Of each clip, int64 (clips).
at::Tensor CodecLearner::drawn_levels(std::int64_t clips) const {
  std::int64_t levels = 0;
  for (const auto& half : halves_)
    levels += half.levels();
  auto all = at::full({clips}, levels, at::kLong);
  if (!training_) return all;
  const auto drops = at::rand({clips}) < level_dropout_;
  return at::where(drops, at::randint(1, levels + 1, {clips}, at::kLong), all);
}

/// Quantises the halves in turn, with so many `levels` of each clip in all, and fills in `coded`,
/// which must outlive it.
CodecLearner::Quantise CodecLearner::quantiser(const at::Tensor& levels, std::int64_t step,
                                               Coded& coded) {
  return [this, levels, step, &coded](std::size_t number, const at::Tensor& x) {
    std::int64_t before = 0;
    for (std::size_t n = 0; n < number; ++n)
      before += halves_[n].levels();
    auto& half = halves_.at(number);
    const auto made = half.quantise(x, (levels - before).clamp(0, half.levels()), step, training_);
    coded.numbers.push_back(made.numbers);
    coded.commitment =
        coded.commitment.defined() ? coded.commitment + made.commitment : made.commitment;
    if (number == 0) coded.first = made.values;
    return made.values;
  };
}

CodecLearner::Decoded CodecLearner::decode(const at::Tensor& audio, const at::Tensor& levels,
                                           std::int64_t step) {
  Decoded made{.original = audio};
  const auto decoded = reconstruct(audio, quantiser(levels, step, made.coded));
  made.copy = decoded.narrow(2, 0, audio.size(2)).to(at::kFloat);
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
  constexpr double quietest = 1e-3;  // -60 dB of full scale: silence weighs no more than that
  const auto size = [](const at::Tensor& x) { return x.abs().mean(1); };
  const auto apart = size(copy - original) / size(original).clamp_min(quietest);
  sum.add("waveform", weights_.waveform, apart.mean(), clips);
  sum.add("mel", weights_.mel, spectral_->mel(copy, original), clips);
  sum.add("stft", weights_.stft, spectral_->stft(copy, original), clips);
}

void CodecLearner::add_commitment(Sum& sum, const Coded& coded, const at::Tensor& levels) const {
  const auto mean = (coded.commitment / levels.to(coded.commitment.device())).mean();
  sum.add("commitment", weights_.commitment, mean, levels.size(0));
}

void CodecLearner::add_critique(Sum& sum, const Decoded& made) const {
  const auto clips = made.original.size(0);
  const auto critique = discriminator_->criticise(made.original, made.copy);
  sum.add("adversarial", weights_.adversarial, critique.adversarial, clips);
  sum.add("features", weights_.features, critique.features, clips);
}

void CodecLearner::set_start(const Turn& turn) {
  auto start = options_.integer("continuous_steps");
  if (turn.steps > 0) start = std::min(start, std::max<std::int64_t>(1, turn.steps / 4));
  for (auto& half : halves_)
    half.start_after(start);
}

Losses CodecLearner::reconstruction_loss(const LearnerBatch& batch, const Turn& turn) {
  const auto count = batch.audio.samples.size(0);
  if (turn.part == 0) decoded_.clear();
  auto& kept = decoded_[turn.part];
  kept.clear();
  const auto levels = drawn_levels(count);
  Sum sum(count);
  each_length(batch.audio.lengths, count, [&](std::int64_t length, const auto& clips) {
    const auto audio = pick(batch.audio.samples, clips).narrow(2, 0, length).contiguous();
    const auto own = pick(levels, clips);
    auto made = decode(audio, own, turn.step);
    add_distances(sum, made);
    add_commitment(sum, made.coded, own);
    if (teacher_)
      sum.add("teacher", weights_.teacher, teacher_loss(made.coded.first, batch.teacher, clips),
              std::ssize(clips));
    if (discriminator_) add_critique(sum, made);
    sum.count(made.coded.numbers);
    if (discriminator_) kept.push_back({.original = audio, .copy = made.copy.detach()});
  });
  return sum.losses();
}

Losses CodecLearner::clip_loss(const LearnerBatch& batch, const Turn& turn) {
  const auto count = batch.audio.samples.size(0);
  const auto levels = drawn_levels(count);
  Sum sum(count);
  std::vector<at::Tensor> vectors(static_cast<std::size_t>(count));
  each_length(batch.audio.lengths, count, [&](std::int64_t length, const auto& clips) {
    const auto audio = pick(batch.audio.samples, clips).narrow(2, 0, length).contiguous();
    const auto own = pick(levels, clips);
    Coded coded;
    const auto means = quantised(audio, quantiser(own, turn.step, coded)).mean(1);
    for (std::size_t n = 0; n < clips.size(); ++n)
      vectors[static_cast<std::size_t>(clips[n])] = means[static_cast<std::int64_t>(n)];
    add_commitment(sum, coded, own);
    sum.count(coded.numbers);
  });
  auto losses = heads_->loss(at::stack(vectors), batch);
  const auto others = sum.losses();
  losses.total = losses.total + others.total;
  losses.parts.insert(losses.parts.end(), others.parts.begin(), others.parts.end());
  return losses;
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
  if (turn.group > 0) return discriminator_loss(batch, turn);
  set_start(turn);
  return heads_ ? clip_loss(batch, turn) : reconstruction_loss(batch, turn);
}

}  // namespace earshot::kit
