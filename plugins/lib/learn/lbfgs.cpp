#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include <lib/learn/lbfgs.hpp>

#include "dot.hpp"

namespace earshot::kit {

namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return kit::dot(a.data(), b.data(), a.size());
}

void add(Vector& to, double factor, const Vector& from) {
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] += factor * from[i];
}

double largest(const Vector& gradient) {
  double result = 0;
  for (const auto value : gradient)
    result = std::max(result, std::abs(value));
  return result;
}

struct Point {
  Vector x, gradient;
  double value = 0;
};

/// One remembered step: s = change of x, y = change of the gradient.
struct Step {
  Vector s, y;
  double inverse_curvature;  // 1 / (s . y)
};

/// -H g by the two-loop recursion (algorithm 7.4).
Vector direction(const std::deque<Step>& steps, const Vector& gradient) {
  Vector result = gradient;
  std::vector<double> alpha(steps.size());
  for (std::size_t i = steps.size(); i-- > 0;) {
    alpha[i] = steps[i].inverse_curvature * dot(steps[i].s, result);
    add(result, -alpha[i], steps[i].y);
  }
  const auto scale =
      steps.empty() ? 1 / std::max(1.0, std::sqrt(dot(gradient, gradient)))
                    : 1 / (steps.back().inverse_curvature * dot(steps.back().y, steps.back().y));
  for (auto& value : result)
    value *= -scale;
  for (std::size_t i = 0; i < steps.size(); ++i)
    add(result, -alpha[i] - steps[i].inverse_curvature * dot(steps[i].y, result), steps[i].s);
  return result;
}

/// The function along a ray from `start`.
class Ray {
 public:
  Ray(const SmoothFunction& function, const Point& start, const Vector& along)
      : function_(function), start_(start), along_(along), point_(start) {}

  struct Sample {
    double step = 0, value = 0, slope = 0;
  };
  Sample at(double step) {
    point_.x = start_.x;
    add(point_.x, step, along_);
    point_.value = function_(point_.x, point_.gradient);
    return {step, point_.value, dot(point_.gradient, along_)};
  }
  const Point& point() const { return point_; }

 private:
  const SmoothFunction& function_;
  const Point& start_;
  const Vector& along_;
  Point point_;
};

/// Minimum of the cubic through two samples (equation 3.59), or the midpoint if that is NaN or too
/// near an end.
double between(const Ray::Sample& a, const Ray::Sample& b) {
  const auto d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step);
  const auto d2 = std::copysign(std::sqrt(d1 * d1 - a.slope * b.slope), b.step - a.step);
  const auto step = b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
  const auto low = std::min(a.step, b.step), width = std::abs(b.step - a.step);
  const bool good = std::isfinite(step) && step > low + 0.1 * width && step < low + 0.9 * width;
  return good ? step : low + width / 2;
}

/// Finds a step that meets the strong Wolfe conditions with c1 = 1e-4, c2 = 0.9, and moves `ray`
/// there. False if none is found, which at double precision means that the minimum is reached.
bool search(Ray& ray, const Ray::Sample& start) {
  const auto low_enough = [&](const Ray::Sample& s) {
    return s.value <= start.value + 1e-4 * s.step * start.slope;
  };
  const auto flat_enough = [&](const Ray::Sample& s) {
    return std::abs(s.slope) <= -0.9 * start.slope;
  };
  Ray::Sample low = start, high;
  bool bracketed = false;
  double step = 1;
  for (int trial = 0; trial < 40; ++trial) {
    const auto sample = ray.at(step);
    if (!std::isfinite(sample.value) || !low_enough(sample) ||
        (low.step > 0 && sample.value >= low.value)) {
      high = sample;
      bracketed = true;
    } else {
      if (flat_enough(sample)) return true;
      if (bracketed ? sample.slope * (high.step - low.step) >= 0 : sample.slope >= 0) {
        high = low;
        bracketed = true;
      }
      low = sample;
    }
    step = bracketed ? between(low, high) : 2 * step;
  }
  return false;
}

}  // namespace

LbfgsResult minimise(const SmoothFunction& function, std::vector<double>& x,
                     const LbfgsOptions& options) {
  Point point{x, Vector(x.size()), 0};
  point.value = function(point.x, point.gradient);
  std::deque<Step> steps;
  LbfgsResult result;
  for (; result.iterations < options.max_iterations; ++result.iterations) {
    if (largest(point.gradient) <= options.tolerance) {
      result.converged = true;
      break;
    }
    auto along = direction(steps, point.gradient);
    auto slope = dot(point.gradient, along);
    if (!(slope < 0)) {  // rounding has spoilt the remembered steps: use steepest descent
      steps.clear();
      along = direction(steps, point.gradient);
      slope = dot(point.gradient, along);
    }
    Ray ray(function, point, along);
    if (!search(ray, {0, point.value, slope})) break;
    Step step{ray.point().x, ray.point().gradient, 0};
    add(step.s, -1, point.x);
    add(step.y, -1, point.gradient);
    point = ray.point();
    const auto curvature = dot(step.s, step.y);
    if (curvature <= std::numeric_limits<double>::epsilon() * dot(step.y, step.y)) continue;
    step.inverse_curvature = 1 / curvature;
    steps.push_back(std::move(step));
    if (steps.size() > static_cast<std::size_t>(options.history)) steps.pop_front();
  }
  x = point.x;
  result.value = point.value;
  return result;
}

}  // namespace earshot::kit
