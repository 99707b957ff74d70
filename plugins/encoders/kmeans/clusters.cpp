#include "clusters.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/models/quantizer.hpp>

namespace kmeans {

at::Tensor nearest(const at::Tensor& frames, const at::Tensor& centroids) {
  const at::NoGradGuard no_grad;
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  // Distances are computed from products, in which a common offset would swallow them.
  const auto mean = centroids.detach().mean(0);
  const earshot::kit::ResidualQuantizer quantizer({centroids.detach() - mean});
  return quantizer.encode((frames.detach().to(at::kFloat) - mean).unsqueeze(0), 1).flatten();
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

}  // namespace kmeans
