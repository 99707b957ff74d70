#pragma once
#include <cstdint>

#include <ATen/core/Tensor.h>

namespace earshot::kit {

/// The orthogonal directions in which rows of features vary, from one eigendecomposition of the
/// products between features or between items, whichever are fewer. Directions in which they vary
/// by no more than rounding are left out. Principal component analysis keeps the first of them,
/// ridge regression shrinks each.
class Directions {
 public:
  /// @param centred  float64 (N, D), finite, the mean of each column 0
  explicit Directions(const at::Tensor& centred);

  std::int64_t count() const { return spread_.size(0); }  ///< at most N - 1 and D
  /// float64 (count()): the sum of the squares of the rows along each, from large to small.
  const at::Tensor& spread() const { return spread_; }
  /// float64 (count, D): unit vectors along the first `count` directions. Their signs are
  /// arbitrary.
  at::Tensor axes(std::int64_t count) const;

 private:
  at::Tensor centred_;
  at::Tensor spread_;
  at::Tensor vectors_;  ///< eigenvectors as columns, in the order of spread_
  bool of_items_;
};

}  // namespace earshot::kit
