#pragma once
#include <string>

#include <lib/learn/linear.hpp>

#include <earshot/component.hpp>
#include <earshot/options.hpp>

// Makes features of different encoders comparable: the same scale, the same width. Everything is
// learnt from training items alone. kit/pooling.hpp provides the same number of frames,
// kit/sampling.hpp the same number of items.

namespace earshot::kit {

/// Principal component analysis (Jolliffe 2002, "Principal Component Analysis", ch. 2): orthonormal
/// directions of features, in order of decreasing variance over the training items. The sign of
/// each is such that its largest coefficient (the first of equal ones) is positive, so that equal
/// items give equal axes.
struct PrincipalAxes {
  at::Tensor mean{};  ///< float64 (D)
  at::Tensor axes{};  ///< float64 (K, D)

  enum class IfFewer { refuse, keep };  ///< if the items vary in fewer directions than asked for
  /// The first `count` axes of `x`, float64 (N, D); with `keep` all of them if there are fewer.
  /// @throws ConfigError with `refuse` if the items vary in fewer directions, which are at most
  /// N - 1 or D, saying in how many.
  static PrincipalAxes of(const at::Tensor& x, std::int64_t count,
                          IfFewer if_fewer = IfFewer::refuse);
  /// (..., D) to (..., K), along the axes; not whitened. Any floating type, on x's device.
  at::Tensor apply(const at::Tensor& x) const;
};

/// Applies the options `standardise` and `pca` with `if_narrower`, in this order: mean 0 and
/// variance 1 for each feature, then the first principal axes.
class Reduction {
 public:
  static OptionSchema options();
  explicit Reduction(const Options& options);

  /// Learns from `x`, float64 (N, D): features of training items, or frames of them.
  /// @returns apply(x). @throws ConfigError like PrincipalAxes::of.
  at::Tensor learn(const at::Tensor& x);
  /// (..., D) to (..., D) or, with `pca`, (..., pca): narrower only where `if_narrower` keeps it.
  at::Tensor apply(const at::Tensor& x) const;
  /// A sentence for the user if learn() found fewer directions than `pca` and kept them, else "".
  std::string shortfall() const;

  /// Writes to `state`, and reads back. @throws DataError naming what is missing.
  void save(State& state) const;
  void load(const State& state);

 private:
  bool standardise_;
  std::int64_t pca_;
  PrincipalAxes::IfFewer if_fewer_;
  Standardiser standardiser_;
  PrincipalAxes axes_;
};

}  // namespace earshot::kit
