#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/models/clusters.hpp>
#include <lib/models/quantizer.hpp>
#include <lib/models/seeding.hpp>

namespace earshot::kit {

at::Tensor nearest(const at::Tensor& frames, const at::Tensor& centroids) {
  const at::NoGradGuard no_grad;
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  // Distances are computed from products, in which a common offset would swallow them.
  const auto mean = centroids.detach().mean(0);
  const ResidualQuantizer quantizer({centroids.detach() - mean});
  return quantizer.encode((frames.detach().to(at::kFloat) - mean).unsqueeze(0), 1).flatten();
}

void add_by_code(const at::Tensor& x, const at::Tensor& codes, const at::Tensor& sums) {
  // On the CPU a loop, which is faster than index_add_; elsewhere a product, since index_add_ has
  // no fixed order there.
  if (!x.is_cpu()) {
    constexpr std::int64_t most = 4096;
    for (std::int64_t begin = 0; begin < x.size(0); begin += most) {
      const auto count = std::min(most, x.size(0) - begin);
      const auto chosen = at::one_hot(codes.narrow(0, begin, count), sums.size(0)).to(at::kDouble);
      sums.addmm_(chosen.t(), x.narrow(0, begin, count).to(at::kDouble));
    }
    return;
  }
  const auto rows = x.contiguous();
  const auto dim = x.size(1);
  const auto* row = rows.const_data_ptr<float>();
  const auto* code = codes.const_data_ptr<std::int64_t>();
  auto* sum = sums.mutable_data_ptr<double>();
  for (std::int64_t n = 0; n < x.size(0); ++n, row += dim)
    for (std::int64_t d = 0; d < dim; ++d)
      sum[code[n] * dim + d] += row[d];
}

CodeUsage code_usage(const at::Tensor& numbers) {
  const auto counts = numbers.to(at::kFloat);
  const auto shares = counts / counts.sum(-1, /*keepdim=*/true).clamp_min(1);
  return {.share = (shares > 0).to(at::kFloat).mean(),
          .perplexity = (-at::xlogy(shares, shares).sum(-1)).exp().mean()};
}

Clusters::Clusters(const at::Tensor& centroids, double decay)
    : decay_(decay),
      centroids_(centroids.detach().clone()),
      counts_(at::zeros({centroids.size(0)}, centroids_.options().dtype(at::kDouble))),
      idle_(at::zeros_like(counts_)) {}

void Clusters::update(const at::Tensor& numbers, const at::Tensor& sums) {
  counts_.mul_(decay_).add_(numbers);
  const auto chosen = numbers > 0;
  const auto from = centroids_.to(at::kDouble);
  const auto rate = at::where(chosen, counts_.reciprocal(), at::zeros_like(counts_));
  centroids_.copy_(from + (sums - numbers.unsqueeze(1) * from) * rate.unsqueeze(1));
  const auto expected = numbers.sum() / static_cast<double>(numbers.size(0));
  idle_.copy_(at::where(chosen, at::zeros_like(idle_), idle_ + expected));
}

at::Tensor Clusters::dead(double limit) const {
  return (idle_ > limit).nonzero().squeeze(1);
}

void Clusters::place(const at::Tensor& which, const at::Tensor& frames) {
  centroids_.index_copy_(0, which, frames.to(centroids_.device()));
  counts_.index_fill_(0, which, 0);
  idle_.index_fill_(0, which, 0);
}

void Clusters::revive(double limit, const at::Tensor& frames) {
  const auto all = dead(limit);
  // Never more than there are frames: those left over have their turn in a later step.
  const auto count = std::min(all.size(0), frames.size(0));
  if (count == 0) return;
  auto random = drawn_generator();
  place(all.narrow(0, 0, count), drawn_apart(frames, centroids_, count, random));
}

}  // namespace earshot::kit
