#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>

#include <lib/models/seeding.hpp>

namespace earshot::kit {

namespace {

/// Squared distances of all frames from each of some rows, not below 0: float64 (rows, M).
at::Tensor distances(const at::Tensor& frames, const at::Tensor& rows) {
  const auto products = at::mm(rows, frames.t());
  return (rows.square().sum(1, true) + frames.square().sum(1).unsqueeze(0) - 2 * products)
      .clamp_min_(0);
}

/// An index with a probability in proportion to its weight. `sums`: the weights added up.
std::int64_t draw(const std::vector<double>& sums, Random& random) {
  const auto at = std::upper_bound(sums.begin(), sums.end(), random.uniform() * sums.back());
  return std::min<std::int64_t>(at - sums.begin(), std::ssize(sums) - 1);
}

}  // namespace

at::Tensor drawn_apart(const at::Tensor& frames, const at::Tensor& centres, std::int64_t count,
                       Random& random) {
  auto x = frames.to(at::kCPU, at::kDouble).contiguous();
  // About their mean, since products of large numbers would swallow small distances.
  const auto mean = x.mean(0);
  x = x - mean;
  const auto total = x.size(0);
  const auto tries = 2 + static_cast<std::int64_t>(std::log(static_cast<double>(count)));
  std::vector<std::int64_t> drawn;
  at::Tensor nearest;  // distance of each frame from what there is: float64 (M)
  if (centres.size(0) > 0)
    nearest = std::get<0>(distances(x, centres.to(at::kCPU, at::kDouble) - mean).min(0));
  while (std::ssize(drawn) < count) {
    std::vector<std::int64_t> tried;
    std::vector<double> sums(static_cast<std::size_t>(total));
    if (nearest.defined()) {
      const auto* weight = nearest.const_data_ptr<double>();
      std::partial_sum(weight, weight + total, sums.begin());
    }
    if (nearest.defined() && sums.back() > 0)
      for (std::int64_t i = 0; i < tries; ++i)
        tried.push_back(draw(sums, random));
    else
      tried.push_back(random.below(total));
    const auto index = at::tensor(tried, at::kLong);
    auto left = distances(x, x.index_select(0, index));
    if (nearest.defined()) left = at::minimum(left, nearest.unsqueeze(0));
    const auto best = left.sum(1).argmin().item<std::int64_t>();
    drawn.push_back(tried[static_cast<std::size_t>(best)]);
    nearest = left[best].contiguous();
  }
  return frames.index_select(0, at::tensor(drawn, at::kLong).to(frames.device()))
      .to(at::kCPU, at::kFloat);
}

at::Tensor drawn_evenly(const at::Tensor& frames, std::int64_t count, Random& random) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(frames.size(0)));
  std::iota(order.begin(), order.end(), 0);
  std::vector<std::int64_t> drawn;
  while (std::ssize(drawn) < count)
    for (std::size_t i = 0; i < order.size() && std::ssize(drawn) < count; ++i) {
      std::swap(order[i], order[i + static_cast<std::size_t>(random.below(
                                        std::ssize(order) - static_cast<std::int64_t>(i)))]);
      drawn.push_back(order[i]);
    }
  return frames.index_select(0, at::tensor(drawn, at::kLong).to(frames.device()))
      .to(at::kCPU, at::kFloat);
}

Random drawn_generator() {
  constexpr std::int64_t seeds = std::int64_t{1} << 62;
  return Random(
      static_cast<std::uint64_t>(at::randint(seeds, {1}, at::kLong).item<std::int64_t>()));
}

}  // namespace earshot::kit
