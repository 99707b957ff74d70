#include <algorithm>
#include <cmath>
#include <iterator>

#include <ATen/ATen.h>

#include <earshot/kit/pooling.hpp>

namespace earshot::kit {

namespace {

constexpr std::size_t batch = 32;  // ten seconds of 128 float32 at 100 Hz: 16 MiB

/// Mean and, if `spread` is set, deviation of each column. Sums are taken over differences from the
/// first frame, so that a large common offset costs no precision.
void mean_and_spread(const float* frames, std::int64_t count, std::int64_t dim, double* mean,
                     double* spread) {
  std::vector<double> sum(static_cast<std::size_t>(dim)), squares(sum);
  const auto* first = frames;
  for (std::int64_t t = 1; t < count; ++t) {
    const auto* frame = frames + t * dim;
    for (std::int64_t d = 0; d < dim; ++d) {
      const double value = static_cast<double>(frame[d]) - first[d];
      sum[static_cast<std::size_t>(d)] += value;
      squares[static_cast<std::size_t>(d)] += value * value;
    }
  }
  const auto n = static_cast<double>(count);
  for (std::int64_t d = 0; d < dim; ++d) {
    const auto shift = sum[static_cast<std::size_t>(d)] / n;
    mean[d] = first[d] + shift;
    if (spread != nullptr)
      spread[d] =
          std::sqrt(std::max(0.0, squares[static_cast<std::size_t>(d)] / n - shift * shift));
  }
}

void maximum(const float* frames, std::int64_t count, std::int64_t dim, double* out) {
  std::copy(frames, frames + dim, out);
  for (std::int64_t t = 1; t < count; ++t)
    for (std::int64_t d = 0; d < dim; ++d)
      out[d] = std::max(out[d], static_cast<double>(frames[t * dim + d]));
}

bool has_spread(const FeatureSpec& spec, Pooling pooling) {
  return pooling == Pooling::mean_std && spec.frame_rate > 0;
}

}  // namespace

Pooling pooling_of(const std::string& name) {
  const auto* found = std::find(std::begin(pooling_names), std::end(pooling_names), name);
  if (found == std::end(pooling_names))
    throw ConfigError("pooling is '" + name + "'; allowed: mean, mean_std, max");
  return static_cast<Pooling>(found - std::begin(pooling_names));
}

at::Tensor pool(const FeatureBatch& features, Pooling pooling) {
  const auto values = features.values.to(at::kCPU, at::kFloat).contiguous();
  const auto lengths = features.lengths.contiguous();
  const auto clips = values.size(0), frames = values.size(1), dim = values.size(2);
  const bool spread = has_spread(features.spec, pooling);
  const auto width = spread ? 2 * dim : dim;
  auto result = at::empty({clips, width}, at::kDouble);
  for (std::int64_t b = 0; b < clips; ++b) {
    const auto count = lengths.const_data_ptr<std::int64_t>()[b];
    const auto* clip = values.const_data_ptr<float>() + b * frames * dim;
    auto* out = result.mutable_data_ptr<double>() + b * width;
    if (pooling == Pooling::max)
      maximum(clip, count, dim, out);
    else
      mean_and_spread(clip, count, dim, out, spread ? out + dim : nullptr);
  }
  return result;
}

OptionSpec tokens_option() {
  return {.name = "tokens",
          .value = std::int64_t{0},
          .help =
              "First average each clip in time to at most this many frames, the same for encoders "
              "with any frame rate; 0: all frames",
          .unit = "frames",
          .min = 0};
}

FeatureBatch at_most_frames(const FeatureBatch& features, std::int64_t frames) {
  if (frames == 0 || features.values.size(1) <= frames) return features;
  auto spec = features.spec;
  if (frames == 1) spec.frame_rate = 0;
  const auto clips = features.values.size(0), dim = features.values.size(2);
  auto values = at::zeros({clips, frames, dim}, features.values.options());
  auto lengths = features.lengths.clamp_max(frames);
  for (std::int64_t b = 0; b < clips; ++b) {
    const auto count = features.lengths[b].item<std::int64_t>();
    auto clip = features.values[b].narrow(0, 0, count);
    if (count > frames) clip = at::adaptive_avg_pool1d(clip.t().unsqueeze(0), frames)[0].t();
    values[b].narrow(0, 0, clip.size(0)).copy_(clip);
  }
  const auto longest = lengths.max().item<std::int64_t>();
  return {.values = values.narrow(1, 0, longest), .lengths = lengths, .spec = spec};
}

at::Tensor pooled_features(Trial& trial, Split split, at::IntArrayRef items, Pooling pooling,
                           std::int64_t tokens) {
  std::vector<at::Tensor> parts;
  for (std::size_t first = 0; first < items.size(); first += batch) {
    const auto some = items.slice(first, std::min(batch, items.size() - first));
    parts.push_back(pool(at_most_frames(trial.features(split, some), tokens), pooling));
  }
  return at::cat(parts);
}

}  // namespace earshot::kit
