#pragma once
#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "model.hpp"
#include "operations.hpp"

// Conversion between the reference's padded batches and concatenated sequences without padding.

namespace earshot::testing {

inline std::vector<std::int64_t> lengths_of(const at::Tensor& mask) {
  const auto sums = mask.sum(1).to(at::kLong);
  return {sums.const_data_ptr<std::int64_t>(), sums.const_data_ptr<std::int64_t>() + sums.numel()};
}

/// The valid positions of a batch (B, T, ...), concatenated: (N, ...).
inline at::Tensor packed(const at::Tensor& batch, const at::Tensor& mask) {
  return batch.flatten(0, 1).index_select(0, mask.flatten().nonzero().squeeze(1));
}

/// And back, with zeros for padding.
inline at::Tensor padded(const at::Tensor& rows, const at::Tensor& mask) {
  const auto batch = at::zeros({mask.numel(), rows.size(1)}, rows.options());
  return batch.index_copy(0, mask.flatten().nonzero().squeeze(1), rows)
      .view({mask.size(0), mask.size(1), -1});
}

inline at::Tensor logits_of(const llama::Model& model, const at::Tensor& x,
                            const at::Tensor& mask) {
  return padded(model.logits(model.forward(x, {.lengths = lengths_of(mask)})), mask);
}

/// The mean over the labels other than -100, each of which belongs to the position before it.
inline at::Tensor loss_of(const llama::Model& model, const at::Tensor& x, const at::Tensor& mask,
                          const at::Tensor& labels) {
  const auto next =
      at::cat({labels.slice(1, 1), at::full({labels.size(0), 1}, -100, labels.options())}, 1);
  const auto wanted = packed(next, mask);
  const auto rows = wanted.ne(-100).nonzero().squeeze(1);
  const auto hidden = model.forward(x, {.lengths = lengths_of(mask), .rows = rows});
  return -llama::target_log_prob(hidden, model.head(), wanted.index_select(0, rows)).mean();
}

}  // namespace earshot::testing
