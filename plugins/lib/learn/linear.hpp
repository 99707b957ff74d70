#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

// Linear models in double precision. `x` is float64 (N, D) on the CPU, contiguous. The intercept is
// never penalised. Nothing is random.

namespace earshot::kit {

/// K outputs x W' + b.
struct LinearModel {
  at::Tensor weight{};  ///< float64 (K, D)
  at::Tensor bias{};    ///< float64 (K)

  at::Tensor outputs(const at::Tensor& x) const;  ///< float64 (N, K)
};

/// A logistic model for K classes: exactly one of them (softmax), or each independently (sigmoid).
enum class Link { softmax, sigmoid };

/// Minimises C * (sum of the cross-entropies) + |W|^2 / 2 with L-BFGS; `y` is float64 (N, K), rows
/// of 0 and 1. Starts from `start` if that has the right shape.
LinearModel fit_logistic(const at::Tensor& x, const at::Tensor& y, double c, Link link,
                         const LinearModel& start = {});

/// Ridge regression of K columns on the same features, in closed form: of each column it minimises
/// C * (sum of the squared errors) + |w|^2, with a C of its own. What is expensive is done once for
/// all columns and all C (Hastie, Tibshirani, Friedman 2009, "The Elements of Statistical
/// Learning", 3.4.1): along each direction in which the features vary, with spread s, the
/// coefficient of least squares is multiplied by s / (s + 1 / C). Directions without variance get
/// no weight, and neither does any feature for a column that is constant in `y`.
class Ridge {
 public:
  /// `y` is float64 (N, K), finite like `x`.
  Ridge(const at::Tensor& x, const at::Tensor& y);

  LinearModel fit(const at::Tensor& c) const;  ///< `c` is float64 (K), more than 0
  LinearModel fit(double c) const;             ///< the same C for all columns

 private:
  at::Tensor x_mean_, y_mean_;  ///< float64 (D), (K)
  at::Tensor spread_;           ///< float64 (R, 1), of the R directions
  at::Tensor axes_;             ///< float64 (R, D)
  at::Tensor products_;         ///< float64 (R, K), of the directions with the columns
};

/// Support vector machine with linear kernel and hinge loss: minimises C * (sum of the hinge
/// losses) + |w|^2 / 2, where `y` is +1 or -1. By libsvm (Chang and Lin 2011, "LIBSVM"), to its
/// tolerance of 0.001. If all `y` are equal, the output is always that sign times a million.
/// @returns one output, positive for +1.
LinearModel fit_svm(const at::Tensor& x, std::span<const double> y, double c);

/// An SVM for each pair of `classes` classes, in the order (0, 1), (0, 2), ..., (1, 2), ...: an
/// output above 0 is a vote for the first, as in libsvm. A pair that lacks items of one class votes
/// for the class with items, or for the first.
LinearModel fit_one_vs_one(const at::Tensor& x, std::span<const std::int64_t> y,
                           std::int64_t classes, double c);

/// Votes for each class from pairwise outputs (N, K (K - 1) / 2), plus the sum of the class's
/// outputs squashed to less than half a vote, as in scikit-learn: float64 (N, K). The class that
/// libsvm predicts is the one with the most votes, the lowest of equal ones.
at::Tensor one_vs_one_scores(const at::Tensor& outputs, std::int64_t classes);
std::vector<std::int64_t> one_vs_one_classes(const at::Tensor& outputs, std::int64_t classes);

/// Zero mean and unit variance of each column, as learnt from some items. A column that is constant
/// there becomes 0 there.
struct Standardiser {
  at::Tensor mean{}, scale{};  ///< float64 (D)

  static Standardiser of(const at::Tensor& x);
  /// (..., D) of any floating type, on x's device.
  at::Tensor apply(const at::Tensor& x) const;
};

}  // namespace earshot::kit
