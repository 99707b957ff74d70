#include <algorithm>
#include <limits>

#include <ATen/ATen.h>

#include <lib/learn/directions.hpp>

namespace earshot::kit {

Directions::Directions(const at::Tensor& centred)
    : centred_(centred), of_items_(centred.size(0) < centred.size(1)) {
  const auto products = of_items_ ? centred.mm(centred.t()) : centred.t().mm(centred);
  const auto [ascending, vectors] = at::linalg_eigh(products);
  const auto all = ascending.flip(0).clamp_min(0);
  // The rounding residue of directions without variance, with the threshold of
  // numpy.linalg.matrix_rank.
  const auto noise = static_cast<double>(std::max(centred.size(0), centred.size(1))) *
                     std::numeric_limits<double>::epsilon() * all[0];
  const auto varying = (all > noise).sum().item<std::int64_t>();
  spread_ = all.narrow(0, 0, varying);
  vectors_ = vectors.flip(1);
}

at::Tensor Directions::axes(std::int64_t count) const {
  const auto axes = vectors_.narrow(1, 0, count).t();
  if (!of_items_) return axes;
  return axes.mm(centred_) / spread_.narrow(0, 0, count).sqrt().unsqueeze(1);
}

}  // namespace earshot::kit
