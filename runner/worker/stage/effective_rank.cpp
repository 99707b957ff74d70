#include "worker/stage/effective_rank.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <ATen/ATen.h>

namespace earshot::worker {

namespace {

constexpr std::int64_t most_frames = 4096, most_clips = 512;

/// At most `count` of the numbers from 0 to size - 1, evenly spread.
std::vector<std::int64_t> spread(std::int64_t count, std::int64_t size) {
  count = std::min(count, size);
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < count; ++i)
    numbers.push_back(i * size / count);
  return numbers;
}

/// Each clip once, in the order of the items.
std::vector<std::int64_t> training_clips(const DatasetView& view, const FeatureReader& reader) {
  std::vector<std::int64_t> clips;
  std::set<std::int64_t> seen;
  for (std::int64_t i = 0; i < view.size(Split::train); ++i) {
    const auto clip = view.clip_number(view.position(Split::train, i), 0);
    if (clip >= 0 && reader.lost(clip).empty() && seen.insert(clip).second) clips.push_back(clip);
  }
  return clips;
}

}  // namespace

std::optional<double> effective_rank(const at::Tensor& frames) {
  if (frames.size(0) < 2) return std::nullopt;
  const auto x = frames.to(at::kDouble);
  const auto centred = x - x.mean(0);
  // Squares of the singular values, of covariances or of products between frames: whichever are
  // fewer.
  const bool wide = x.size(1) > x.size(0);
  const auto products = wide ? centred.mm(centred.t()) : centred.t().mm(centred);
  const auto values = at::linalg_eigvalsh(products).clamp_min(0).sqrt();
  const auto sum = values.sum();
  if (!(sum.item<double>() > 0)) return std::nullopt;
  const auto shares = values / sum;
  return std::exp(-at::xlogy(shares, shares).sum().item<double>());
}

at::Tensor sample_of_frames(const DatasetView& view, const FeatureReader& reader) {
  const auto spec = reader.feature_spec();
  const auto all = training_clips(view, reader);
  std::vector<at::Tensor> parts{at::empty({0, spec.dim})};
  const auto chosen = spread(spec.frame_rate > 0 ? most_clips : most_frames, std::ssize(all));
  const auto of_each = chosen.empty() ? 0 : most_frames / std::ssize(chosen);
  for (const auto place : chosen) {
    const auto clip = all[static_cast<std::size_t>(place)];
    const auto frames = reader.features({clip}).values[0];
    parts.push_back(
        frames.index_select(0, at::tensor(spread(of_each, reader.frames(clip)), at::kLong)));
  }
  return at::cat(parts);
}

}  // namespace earshot::worker
