#pragma once
#include <functional>
#include <span>
#include <vector>

namespace earshot::kit {

struct LbfgsOptions {
  int history = 10;  ///< number of remembered steps
  int max_iterations = 1000;
  double tolerance = 1e-6;  ///< stop if no component of the gradient is larger
};

struct LbfgsResult {
  double value = 0;
  int iterations = 0;
  bool converged = false;
};

/// The value of a smooth function at `x`; writes its gradient.
using SmoothFunction = std::function<double(std::span<const double> x, std::span<double> gradient)>;

/// Minimises from `x` on, in place: L-BFGS (Nocedal and Wright 2006, "Numerical Optimization",
/// algorithm 7.5) with a line search for the strong Wolfe conditions (algorithms 3.5 and 3.6,
/// bisecting if interpolation fails). Nothing is random; equal inputs give equal bits.
LbfgsResult minimise(const SmoothFunction& function, std::vector<double>& x,
                     const LbfgsOptions& options = {});

}  // namespace earshot::kit
