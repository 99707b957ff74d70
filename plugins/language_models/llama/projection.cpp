#include "projection.hpp"

#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "operations.hpp"

namespace llama {

at::Tensor Projection::forward(const at::Tensor& x, double dropout) const {
  auto y = product(x, weight_, bias_);
  const auto adapted = [](const Part& part) { return part.adapter.defined(); };
  if (std::none_of(parts_.begin(), parts_.end(), adapted)) return y;
  std::vector<at::Tensor> results;
  std::int64_t first = 0;
  for (const auto& part : parts_) {
    auto own = y.narrow(1, first, part.rows);
    first += part.rows;
    if (part.adapter.defined()) {
      auto read = x.to(at::kFloat);
      if (dropout > 0) read = at::dropout(read, dropout, /*train=*/true);
      const auto& [a, b, scale] = part.adapter;
      own = (own + product(product(read, a), b) * scale).to(y.scalar_type());
    }
    results.push_back(own);
  }
  return results.size() == 1 ? results.front() : at::cat(results, 1);
}

void Projection::merge() {
  const c10::NoGradGuard no_gradient;
  std::int64_t first = 0;
  for (auto& part : parts_) {
    if (part.adapter.defined())
      weight_.narrow(0, first, part.rows)
          .add_(at::mm(part.adapter.b, part.adapter.a).mul_(part.adapter.scale));
    part.adapter = {};
    first += part.rows;
  }
}

}  // namespace llama
