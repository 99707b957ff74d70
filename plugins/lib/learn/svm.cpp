#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include <ATen/ATen.h>

#include <lib/learn/linear.hpp>

namespace earshot::kit {

namespace {

constexpr double tolerance = 1e-3;         // libsvm's default for the violation of optimality
constexpr double least_curvature = 1e-12;  // its TAU, for kernels that are not positive definite
constexpr std::int64_t cache_bytes = 128 << 20;

/// Rows of the Gram matrix x x', as many kept as fit.
class Gram {
 public:
  explicit Gram(const at::Tensor& x)
      : x_(x),
        capacity_(
            static_cast<std::size_t>(std::max<std::int64_t>(2, cache_bytes / (8 * x.size(0))))) {}

  at::Tensor row(std::int64_t i) {
    auto found = rows_.find(i);
    if (found == rows_.end()) {
      if (rows_.size() == capacity_) {
        rows_.erase(order_[oldest_]);
        order_[oldest_] = i;
        oldest_ = (oldest_ + 1) % capacity_;
      } else {
        order_.push_back(i);
      }
      found = rows_.emplace(i, at::mv(x_, x_[i])).first;
    }
    return found->second;
  }

 private:
  at::Tensor x_;
  std::size_t capacity_, oldest_ = 0;
  std::unordered_map<std::int64_t, at::Tensor> rows_;
  std::vector<std::int64_t> order_;
};

/// The dual: minimise a' Q a / 2 - sum a, 0 <= a <= C, y' a = 0, Q_ij = y_i y_j x_i x_j.
class Dual {
 public:
  Dual(const at::Tensor& x, std::span<const double> y, double c)
      : gram_(x),
        diagonal_(x.square().sum(1)),
        y_(y),
        c_(c),
        alpha_(y.size(), 0.0),
        gradient_(y.size(), -1.0) {}

  void solve() {
    // libsvm's bound on the number of steps.
    const auto most = std::max<std::size_t>(10'000'000, 100 * y_.size());
    for (std::size_t step = 0; step < most && select(); ++step)
      update();
  }

  std::vector<double> coefficients() const {  // y_i a_i
    std::vector<double> result(y_.size());
    for (std::size_t i = 0; i < y_.size(); ++i)
      result[i] = y_[i] * alpha_[i];
    return result;
  }

  double intercept() const {
    double upper = std::numeric_limits<double>::infinity(), lower = -upper, sum = 0, free = 0;
    for (std::size_t i = 0; i < y_.size(); ++i) {
      const auto value = y_[i] * gradient_[i];
      const bool at_top = alpha_[i] >= c_, at_bottom = alpha_[i] <= 0;
      if (!at_top && !at_bottom) {
        sum += value;
        free += 1;
      } else if (at_top == (y_[i] < 0)) {
        upper = std::min(upper, value);
      } else {
        lower = std::max(lower, value);
      }
    }
    return -(free > 0 ? sum / free : (upper + lower) / 2);
  }

 private:
  bool can_rise(std::size_t i) const { return y_[i] > 0 ? alpha_[i] < c_ : alpha_[i] > 0; }
  bool can_fall(std::size_t i) const { return y_[i] > 0 ? alpha_[i] > 0 : alpha_[i] < c_; }

  /// The pair (first_, second_) whose exchange gains most; false at the optimum.
  bool select() {
    double highest = -std::numeric_limits<double>::infinity(), lowest = -highest;
    for (std::size_t i = 0; i < y_.size(); ++i) {
      if (!can_rise(i) || -y_[i] * gradient_[i] < highest) continue;
      highest = -y_[i] * gradient_[i];
      first_ = i;
    }
    if (std::isinf(highest)) return false;
    row_ = gram_.row(static_cast<std::int64_t>(first_));
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < y_.size(); ++i) {
      if (!can_fall(i)) continue;
      const auto slope = -y_[i] * gradient_[i];
      lowest = std::min(lowest, slope);
      const auto rise = highest - slope;
      if (rise <= 0) continue;
      const auto gain = -rise * rise / curvature(i);
      if (gain > best) continue;
      best = gain;
      second_ = i;
    }
    return highest - lowest >= tolerance && !std::isinf(best);
  }

  double curvature(std::size_t i) const {
    const auto* diagonal = diagonal_.const_data_ptr<double>();
    const auto value = diagonal[first_] + diagonal[i] - 2 * row_.const_data_ptr<double>()[i];
    return value > 0 ? value : least_curvature;
  }

  void update() {
    const auto i = first_, j = second_;
    const auto old_i = alpha_[i], old_j = alpha_[j];
    // Along a_i += y_i t, a_j -= y_j t, as far as the box allows.
    auto step = (y_[j] * gradient_[j] - y_[i] * gradient_[i]) / curvature(j);
    step = std::min(step, y_[i] > 0 ? c_ - old_i : old_i);
    step = std::min(step, y_[j] > 0 ? old_j : c_ - old_j);
    alpha_[i] = snapped(old_i + y_[i] * step);
    alpha_[j] = snapped(old_j - y_[j] * step);
    const auto* row_i = row_.const_data_ptr<double>();
    const auto second_row = gram_.row(static_cast<std::int64_t>(j));
    const auto* row_j = second_row.const_data_ptr<double>();
    const auto change_i = y_[i] * (alpha_[i] - old_i), change_j = y_[j] * (alpha_[j] - old_j);
    for (std::size_t k = 0; k < y_.size(); ++k)
      gradient_[k] += y_[k] * (row_i[k] * change_i + row_j[k] * change_j);
  }

  /// Exactly at a bound when it is there but for rounding.
  double snapped(double value) const {
    if (value < 1e-14 * c_) return 0;
    return value > c_ * (1 - 1e-14) ? c_ : value;
  }

  Gram gram_;
  at::Tensor diagonal_;
  std::span<const double> y_;
  double c_;
  std::vector<double> alpha_, gradient_;
  std::size_t first_ = 0, second_ = 0;
  at::Tensor row_;  ///< of first_
};

}  // namespace

LinearModel fit_svm(const at::Tensor& x, std::span<const double> y, double c) {
  Dual dual(x, y, c);
  dual.solve();
  const auto coefficients = at::tensor(dual.coefficients());
  return {.weight = at::mv(x.t(), coefficients).unsqueeze(0),
          .bias = at::full({1}, dual.intercept(), at::kDouble)};
}

LinearModel fit_one_vs_one(const at::Tensor& x, std::span<const std::int64_t> y,
                           std::int64_t classes, double c) {
  std::vector<std::vector<std::int64_t>> members(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < y.size(); ++i)
    members[static_cast<std::size_t>(y[i])].push_back(static_cast<std::int64_t>(i));
  const auto pairs = classes * (classes - 1) / 2;
  LinearModel all{.weight = at::zeros({pairs, x.size(1)}, at::kDouble),
                  .bias = at::ones({pairs}, at::kDouble)};
  std::int64_t pair = 0;
  for (std::size_t a = 0; a < members.size(); ++a)
    for (std::size_t b = a + 1; b < members.size(); ++b, ++pair) {
      if (members[a].empty() || members[b].empty()) {
        if (!members[b].empty()) all.bias[pair] = -1.0;
        continue;
      }
      auto rows = members[a];
      rows.insert(rows.end(), members[b].begin(), members[b].end());
      std::vector<double> sign(rows.size(), -1.0);
      std::fill_n(sign.begin(), members[a].size(), 1.0);
      const auto one = fit_svm(x.index_select(0, at::tensor(rows)), sign, c);
      all.weight[pair].copy_(one.weight[0]);
      all.bias[pair].copy_(one.bias[0]);
    }
  return all;
}

namespace {

/// Calls `vote(item, winner, first, second, output)` for each item and pair.
template <class Vote>
void each_vote(const at::Tensor& outputs, std::int64_t classes, const Vote& vote) {
  const auto contiguous = outputs.contiguous();
  const auto* value = contiguous.const_data_ptr<double>();
  for (std::int64_t i = 0; i < outputs.size(0); ++i)
    for (std::int64_t a = 0; a < classes; ++a)
      for (std::int64_t b = a + 1; b < classes; ++b, ++value)
        vote(i, *value > 0 ? a : b, a, b, *value);
}

}  // namespace

at::Tensor one_vs_one_scores(const at::Tensor& outputs, std::int64_t classes) {
  auto votes = at::zeros({outputs.size(0), classes}, at::kDouble), sums = at::zeros_like(votes);
  auto* vote = votes.mutable_data_ptr<double>();
  auto* sum = sums.mutable_data_ptr<double>();
  each_vote(outputs, classes,
            [&](std::int64_t i, std::int64_t winner, std::int64_t a, std::int64_t b, double value) {
              vote[i * classes + winner] += 1;
              sum[i * classes + a] += value;
              sum[i * classes + b] -= value;
            });
  return votes + sums / (3 * (sums.abs() + 1));
}

std::vector<std::int64_t> one_vs_one_classes(const at::Tensor& outputs, std::int64_t classes) {
  std::vector<std::int64_t> votes(static_cast<std::size_t>(outputs.size(0) * classes));
  each_vote(outputs, classes,
            [&](std::int64_t i, std::int64_t winner, std::int64_t, std::int64_t, double) {
              ++votes[static_cast<std::size_t>(i * classes + winner)];
            });
  std::vector<std::int64_t> result;
  for (auto row = votes.begin(); row != votes.end(); row += classes)
    result.push_back(std::max_element(row, row + classes) - row);
  return result;
}

}  // namespace earshot::kit
