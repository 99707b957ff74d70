#include "rows.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace earshot::kit {

namespace {

bool suits(const at::Tensor& x) {
  return x.dim() == 3 && x.is_cpu() && x.scalar_type() == at::kFloat && !at::GradMode::is_enabled();
}

}  // namespace

bool lies_by_rows(const at::Tensor& x) {
  return suits(x) && (x.size(1) == 1 || x.stride(1) == 1) &&
         (x.size(2) == 1 || x.stride(2) == x.size(1));
}

at::Tensor by_rows(const at::Tensor& x) {
  return suits(x) ? x.transpose(1, 2).contiguous().transpose(1, 2) : x;
}

at::Tensor empty_like(const at::Tensor& like, std::int64_t channels, std::int64_t positions) {
  return lies_by_rows(like)
             ? at::empty({like.size(0), positions, channels}, like.options()).transpose(1, 2)
             : at::empty({like.size(0), channels, positions}, like.options());
}

at::Tensor as_image(const at::Tensor& x) {
  const auto channels = x.size(1), positions = x.size(2);
  return x.as_strided({x.size(0), channels, 1, positions},
                      {x.stride(0), 1, positions * channels, channels});
}

}  // namespace earshot::kit
