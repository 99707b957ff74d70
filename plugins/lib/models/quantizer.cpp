#include <algorithm>

#include <ATen/ATen.h>

#include <lib/models/quantizer.hpp>

namespace earshot::kit {

at::Tensor ResidualQuantizer::encode(const at::Tensor& x, std::int64_t levels) const {
  const auto clips = x.size(0), frames = x.size(1);
  const auto rows = x.reshape({-1, x.size(2)});
  auto codes = at::empty({levels, rows.size(0)}, x.options().dtype(at::kLong));
  constexpr std::int64_t most = 4096;  // rows whose distances are in memory at once
  for (std::int64_t begin = 0; begin < rows.size(0); begin += most) {
    const auto count = std::min(most, rows.size(0) - begin);
    auto residual = rows.narrow(0, begin, count).clone();
    for (std::int64_t level = 0; level < levels; ++level) {
      const auto& codebook = codebooks_[static_cast<std::size_t>(level)];
      // |x - e|^2 without |x|^2, which is the same for all entries.
      const auto distances = at::addmm(codebook.square().sum(1), residual, codebook.t(), 1, -2);
      const auto nearest = distances.argmin(1);
      codes.select(0, level).narrow(0, begin, count).copy_(nearest);
      if (level + 1 < levels) residual.sub_(codebook.index_select(0, nearest));
    }
  }
  return codes.view({levels, clips, frames}).transpose(0, 1).contiguous();
}

at::Tensor ResidualQuantizer::decode(const at::Tensor& codes, std::int64_t first) const {
  const auto clips = codes.size(0), frames = codes.size(2);
  at::Tensor sum;
  for (std::int64_t q = 0; q < codes.size(1); ++q) {
    const auto entries = codebooks_.at(static_cast<std::size_t>(first + q))
                             .index_select(0, codes.select(1, q).reshape({-1}));
    sum = sum.defined() ? sum.add_(entries) : entries;
  }
  return sum.view({clips, frames, -1});
}

}  // namespace earshot::kit
