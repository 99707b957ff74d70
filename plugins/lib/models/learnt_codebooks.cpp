#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/models/learnt_codebooks.hpp>
#include <lib/models/seeding.hpp>

namespace earshot::kit {

namespace {

std::vector<at::Tensor> tensors_of(const NamedTensors& named) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : named)
    tensors.push_back(tensor);
  return tensors;
}

/// Up to 5.9 of an entry's 16 slots hold one frame. With half as many, one draw in four has no
/// frame of one of eight clusters of 16 frames, and two entries share another cluster.
constexpr std::int64_t slots_per_entry = 16;

/// Entries for `frames` (M, D) by k-means++ and some steps of Lloyd's algorithm; float32 (k, D).
at::Tensor fitted(const at::Tensor& frames, std::int64_t k) {
  constexpr int steps = 10;  // few frames converge sooner; averages follow all later ones
  auto random = drawn_generator();
  const auto start = drawn_apart(frames, frames.narrow(0, 0, 0), k, random);
  Clusters clusters(start.to(frames.device()), /*decay=*/0);
  for (int n = 0; n < steps; ++n) {
    const auto codes = nearest(frames, clusters.centroids());
    auto sums = at::zeros({k, frames.size(1)}, frames.options().dtype(at::kDouble));
    add_by_code(frames, codes, sums);
    clusters.update(at::bincount(codes, {}, k).to(at::kDouble), sums);
  }
  return clusters.centroids();
}

}  // namespace

LearntCodebooks::LearntCodebooks(const NamedTensors& codebooks, const std::string& prefix,
                                 const Settings& settings)
    : codebooks_(tensors_of(codebooks)),
      prefix_(prefix),
      settings_(settings),
      quantizer_(codebooks_),
      sample_(slots_per_entry * codebooks_.front().size(0), codebooks_.front().size(1),
              settings.seed, codebooks_.front().device()) {
  const auto& first = codebooks_.front();
  const auto k = first.size(0), dim = first.size(1);
  const auto numbers = first.options().dtype(at::kDouble);
  for (const auto& [name, codebook] : codebooks) {
    names_.push_back(name);
    clusters_.emplace_back(codebook, settings.decay);
  }
  initialised_ = at::full({}, settings.random ? 0 : 1, at::kLong);
  frames_in_step_ = at::zeros({}, at::kDouble);
  numbers_ = at::zeros({levels(), k}, numbers);
  sums_ = at::zeros({levels(), k, dim}, numbers);
}

LearntCodebooks::Quantised LearntCodebooks::quantise(const at::Tensor& input,
                                                     const at::Tensor& levels, std::int64_t step,
                                                     bool training) {
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const auto x = input.to(at::kFloat);
  const auto codes = quantizer_.encode(x.detach(), this->levels());
  const auto on_device = levels.to(x.device());
  auto rest = x;
  auto commitment = at::zeros({x.size(0)}, x.options());
  std::vector<at::Tensor> numbers;
  for (std::int64_t level = 0; level < this->levels(); ++level) {
    const auto& codebook = codebooks_[static_cast<std::size_t>(level)];
    const auto of_level = codes.select(1, level);
    numbers.push_back(at::bincount(of_level.flatten(), {}, codebook.size(0)).to(at::kDouble));
    const auto has = (on_device > level).to(at::kFloat);
    rest = rest - at::embedding(codebook, of_level) * has.view({-1, 1, 1});
    commitment = commitment + rest.square().mean({1, 2}) * has;
  }
  const bool passes = training && initialised_.item<std::int64_t>() == 0;
  if (training) count(x.detach(), codes, levels, step);
  const auto any = (on_device > 0).to(at::kFloat).view({-1, 1, 1});
  const auto values = passes ? x : x - rest.detach();
  return {.values = values * any,
          .commitment = passes ? at::zeros_like(commitment) : commitment,
          .numbers = at::stack(numbers)};
}

bool LearntCodebooks::has_dead() const {
  return settings_.revive > 0 &&
         std::any_of(clusters_.begin(), clusters_.end(), [&](const Clusters& clusters) {
           return clusters.dead(settings_.revive).size(0) > 0;
         });
}

bool LearntCodebooks::needs_sample(std::int64_t step) const {
  return initialised_.item<std::int64_t>() == 0 ? step >= start_ : has_dead();
}

void LearntCodebooks::count(const at::Tensor& x, const at::Tensor& codes, const at::Tensor& levels,
                            std::int64_t step) {
  const at::NoGradGuard no_grad;
  const auto clips_with = [&](std::int64_t level) {
    return (levels > level).nonzero().squeeze(1).to(x.device());
  };
  auto rest = x;
  for (std::int64_t level = 0; level < this->levels(); ++level) {
    const auto clips = clips_with(level);
    if (clips.size(0) == 0) break;
    const auto& codebook = codebooks_[static_cast<std::size_t>(level)];
    const auto chosen = codes.select(1, level).index_select(0, clips).flatten();
    numbers_[level].add_(at::bincount(chosen, {}, codebook.size(0)));
    add_by_code(rest.index_select(0, clips).flatten(0, 1), chosen, sums_[level]);
    rest = rest - at::embedding(codebook, codes.select(1, level));
  }
  const auto clips = clips_with(0);
  if (clips.size(0) == 0 || !needs_sample(step)) return;
  const auto frames = x.size(1);
  const auto places = at::arange(frames, clips.options());
  // Before any step is done, the number of frames that share it is not known; all are thrown in.
  const auto in_step = frames_in_step_.item<double>();
  const auto slots = static_cast<double>(sample_.slots());
  sample_.add(x.index_select(0, clips).flatten(0, 1), clips.repeat_interleave(frames),
              places.repeat({clips.size(0)}), step,
              in_step > 0 ? std::min(1.0, slots / in_step) : 1);
}

void LearntCodebooks::finish_step(std::int64_t step) {
  const at::NoGradGuard no_grad;
  // In the first step too many frames may have been thrown into the sample for any to be alone.
  const bool fits = frames_in_step_.item<double>() > 0;
  frames_in_step_.copy_(numbers_[0].sum());
  if (initialised_.item<std::int64_t>() != 0)
    update();
  else if (fits && step >= start_)
    initialise();
  numbers_.zero_();
  sums_.zero_();
  sample_.clear();
}

void LearntCodebooks::initialise() {
  auto rest = sample_.frames();
  if (rest.size(0) == 0) return;
  for (std::size_t level = 0; level < codebooks_.size(); ++level) {
    const auto entries = fitted(rest, codebooks_[level].size(0));
    clusters_[level] = Clusters(entries, settings_.decay);
    codebooks_[level].copy_(entries);
    rest = rest - entries.index_select(0, nearest(rest, entries));
  }
  initialised_.fill_(1);
}

void LearntCodebooks::update() {
  const bool revives = has_dead();
  auto rest = revives ? sample_.frames() : at::Tensor();
  for (std::size_t level = 0; level < codebooks_.size(); ++level) {
    auto& clusters = clusters_[level];
    const auto number = numbers_[static_cast<std::int64_t>(level)];
    // Trained entries begin with the counts of many such steps, or the first would replace them.
    if (!settings_.random && clusters.counts().sum().item<double>() == 0 && settings_.decay < 1)
      at::Tensor(clusters.counts()).fill_(number.mean() / (1 - settings_.decay));
    clusters.update(number, sums_[static_cast<std::int64_t>(level)]);
    if (revives) clusters.revive(settings_.revive, rest);
    codebooks_[level].copy_(clusters.centroids());
    if (revives && rest.size(0) > 0)
      rest = rest - codebooks_[level].index_select(0, nearest(rest, codebooks_[level]));
  }
}

NamedTensors LearntCodebooks::stored() const {
  NamedTensors all;
  for (std::size_t level = 0; level < codebooks_.size(); ++level) {
    const auto at = prefix_ + std::to_string(level);
    all.emplace_back(names_[level], clusters_[level].centroids());
    all.emplace_back(at + ".counts", clusters_[level].counts());
    all.emplace_back(at + ".idle", clusters_[level].idle());
  }
  all.emplace_back(prefix_ + "initialised", initialised_);
  all.emplace_back(prefix_ + "frames_in_step", frames_in_step_);
  return all;
}

void LearntCodebooks::loaded() {
  const at::NoGradGuard no_grad;
  for (std::size_t level = 0; level < codebooks_.size(); ++level)
    codebooks_[level].copy_(clusters_[level].centroids());
}

}  // namespace earshot::kit
