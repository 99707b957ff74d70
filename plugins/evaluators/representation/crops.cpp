#include "crops.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include <earshot/error.hpp>

namespace representation {

using earshot::AudioBatch;
using earshot::FeatureBatch;

Crops::Crops(double seconds, const earshot::AudioNeeds& needs) : seconds_(seconds) {
  if (seconds > 0 && needs.pad != earshot::Pad::none && seconds < needs.min_seconds)
    throw earshot::ConfigError("crop_seconds is " + std::to_string(seconds) +
                               "; the encoder takes at least " + std::to_string(needs.min_seconds) +
                               " s. Set it to that, or to 0");
}

namespace {

std::vector<std::int64_t> integers(const at::Tensor& lengths) {
  const auto whole = lengths.contiguous();
  return {whole.const_data_ptr<std::int64_t>(),
          whole.const_data_ptr<std::int64_t>() + whole.numel()};
}

/// Rows b from starts[b] on, lengths[b] long, padded with zeros: along dimension `along` of (B,
/// ...).
at::Tensor stretches(const at::Tensor& batch, std::int64_t along,
                     const std::vector<std::int64_t>& starts,
                     const std::vector<std::int64_t>& lengths) {
  auto shape = batch.sizes().vec();
  shape[static_cast<std::size_t>(along)] = *std::max_element(lengths.begin(), lengths.end());
  auto cut = at::zeros(shape, batch.options());
  for (std::size_t b = 0; b < starts.size(); ++b) {
    const auto row = static_cast<std::int64_t>(b);
    cut[row]
        .narrow(along - 1, 0, lengths[b])
        .copy_(batch[row].narrow(along - 1, starts[b], lengths[b]));
  }
  return cut;
}

}  // namespace

template <class Choose>
Crops::Cut Crops::cut(const Cut& whole, const Choose& choose) const {
  if (seconds_ == 0) return whole;
  const auto rate = static_cast<double>(whole.audio.sample_rate);
  const auto samples = std::max<std::int64_t>(1, std::llround(seconds_ * rate));
  // The teacher's frames, if it has a time axis: the stretch begins with one of them.
  const auto& teacher = whole.teacher;
  const bool framed = teacher.values.defined() && teacher.spec.frame_rate > 0;
  const double step = framed ? rate / teacher.spec.frame_rate : 1;
  const auto lengths = integers(whole.audio.lengths);
  std::vector<std::int64_t> starts, cut, first, frames;
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    const auto length = std::min(samples, lengths[b]);
    const auto places = static_cast<double>(lengths[b] - length) / step;
    const auto place = choose(static_cast<std::int64_t>(places) + 1);
    starts.push_back(std::min(std::llround(static_cast<double>(place) * step),
                              static_cast<long long>(lengths[b] - length)));
    cut.push_back(length);
    if (!framed) continue;
    const auto there = teacher.lengths[static_cast<std::int64_t>(b)].item<std::int64_t>();
    first.push_back(std::min(place, there - 1));
    frames.push_back(std::clamp<std::int64_t>(std::llround(static_cast<double>(length) / step), 1,
                                              there - first.back()));
  }
  Cut result{.audio = {.samples = stretches(whole.audio.samples, 2, starts, cut),
                       .lengths = at::tensor(cut, at::kLong),
                       .sample_rate = whole.audio.sample_rate},
             .teacher = teacher};
  if (framed)
    result.teacher = {.values = stretches(teacher.values, 1, first, frames),
                      .lengths = at::tensor(frames, at::kLong),
                      .spec = teacher.spec};
  return result;
}

Crops::Cut Crops::random(const Cut& whole, earshot::kit::Random& random) const {
  return cut(whole, [&](std::int64_t places) { return random.below(places); });
}

Crops::Cut Crops::centre(const Cut& whole) const {
  return cut(whole, [](std::int64_t places) { return places / 2; });
}

}  // namespace representation
