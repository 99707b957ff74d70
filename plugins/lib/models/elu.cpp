#include <algorithm>
#include <cstdint>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <lib/models/elu.hpp>
#include <lib/models/exponential.hpp>

#include "rows.hpp"

namespace earshot::kit {

namespace {

// Compiled for each kind of vector unit; the version is chosen when the plugin is loaded.
__attribute__((target_clones("avx512f", "avx2", "default"))) void elu(const float* from, float* to,
                                                                      std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    to[i] = from[i] > 0 ? from[i] : exp_minus_1(from[i]);
}

bool is_plain(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && !x.requires_grad() &&
         (x.dim() == 0 || x.stride(-1) == 1 || lies_by_rows(x));
}

/// The rows of `x`, and their distance in memory; undefined if they are not evenly spaced.
at::Tensor rows_of(const at::Tensor& x) {
  if (x.is_contiguous()) return x.view({x.dim() < 2 ? 1 : -1, x.dim() == 0 ? 1 : x.size(-1)});
  if (lies_by_rows(x)) return x.as_strided({x.size(0), x.size(1) * x.size(2)}, {x.stride(0), 1});
  const bool even = x.dim() == 3 && x.stride(0) == x.size(1) * x.stride(1);
  return even ? x.as_strided({x.size(0) * x.size(1), x.size(2)}, {x.stride(1), 1}) : at::Tensor();
}

}  // namespace

void fast_elu_into(const at::Tensor& x, at::Tensor& to) {
  const bool plain = is_plain(x) && is_plain(to) && x.numel() > 0;
  const auto from_rows = plain ? rows_of(x) : at::Tensor();
  const auto to_rows = plain ? rows_of(to) : at::Tensor();
  if (!from_rows.defined() || !to_rows.defined() || from_rows.sizes() != to_rows.sizes()) {
    to.copy_(at::elu(x));
    return;
  }
  const auto* source = x.const_data_ptr<float>();
  auto* target = to.mutable_data_ptr<float>();
  const auto width = from_rows.size(1), from_step = from_rows.stride(0),
             to_step = to_rows.stride(0);
  constexpr std::int64_t numbers = 16384;  // minimum work for a thread
  at::parallel_for(0, from_rows.size(0), std::max<std::int64_t>(1, numbers / width),
                   [&](std::int64_t begin, std::int64_t end) {
                     for (auto row = begin; row < end; ++row)
                       elu(source + row * from_step, target + row * to_step, width);
                   });
}

at::Tensor fast_elu(const at::Tensor& x) {
  if (!is_plain(x)) return at::elu(x);
  auto to = at::empty_like(x);
  fast_elu_into(x, to);
  return to;
}

at::Tensor& fast_elu_in_place(at::Tensor& x) {
  if (!is_plain(x)) return at::elu_(x);
  fast_elu_into(x, x);
  return x;
}

}  // namespace earshot::kit
