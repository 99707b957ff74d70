#include <algorithm>
#include <cmath>
#include <cstring>

#include <ATen/ATen.h>

#include <lib/learn/directions.hpp>
#include <lib/learn/lbfgs.hpp>
#include <lib/learn/linear.hpp>

namespace earshot::kit {

namespace {

/// Mean cross-entropy; replaces `outputs` by the derivative with respect to them, in one pass over
/// plain rows.
double softmax_loss(at::Tensor& outputs, const at::Tensor& y) {
  const auto n = outputs.size(0), k = outputs.size(1);
  auto* z = outputs.mutable_data_ptr<double>();
  const auto* target = y.const_data_ptr<double>();
  double loss = 0;
  for (std::int64_t i = 0; i < n; ++i, z += k, target += k) {
    const auto most = *std::max_element(z, z + k);
    double sum = 0;
    for (std::int64_t j = 0; j < k; ++j)
      sum += std::exp(z[j] - most);
    const auto log_sum = most + std::log(sum);
    for (std::int64_t j = 0; j < k; ++j) {
      loss += target[j] * (log_sum - z[j]);
      z[j] = (std::exp(z[j] - log_sum) - target[j]) / static_cast<double>(n);
    }
  }
  return loss / static_cast<double>(n);
}

double sigmoid_loss(at::Tensor& outputs, const at::Tensor& y) {
  const auto n = outputs.size(0);
  auto* z = outputs.mutable_data_ptr<double>();
  const auto* target = y.const_data_ptr<double>();
  double loss = 0;
  for (std::int64_t i = 0; i < outputs.numel(); ++i) {
    const auto small = std::exp(-std::abs(z[i]));  // never overflows
    loss += std::max(z[i], 0.0) - target[i] * z[i] + std::log1p(small);
    const auto probability = z[i] >= 0 ? 1 / (1 + small) : small / (1 + small);
    z[i] = (probability - target[i]) / static_cast<double>(n);
  }
  return loss / static_cast<double>(n);
}

at::Tensor wrap(std::span<const double> values, at::IntArrayRef shape) {
  return at::from_blob(const_cast<double*>(values.data()), shape, at::kDouble);
}

}  // namespace

at::Tensor LinearModel::outputs(const at::Tensor& x) const {
  return at::addmm(bias, x, weight.t());
}

LinearModel fit_logistic(const at::Tensor& x, const at::Tensor& y, double c, Link link,
                         const LinearModel& start) {
  const auto k = y.size(1), d = x.size(1);
  const auto weights = static_cast<std::size_t>(k * d);
  const auto penalty = 1 / (c * static_cast<double>(x.size(0)));  // of the mean loss
  std::vector<double> parameters(weights + static_cast<std::size_t>(k));
  if (start.weight.defined() && start.weight.sizes() == at::IntArrayRef{k, d}) {
    std::memcpy(parameters.data(), start.weight.const_data_ptr<double>(), weights * sizeof(double));
    std::memcpy(parameters.data() + weights, start.bias.const_data_ptr<double>(),
                static_cast<std::size_t>(k) * sizeof(double));
  }
  auto outputs = at::empty({x.size(0), k}, at::kDouble);
  const auto loss = [&](std::span<const double> at, std::span<double> gradient) {
    const auto weight = wrap(at.first(weights), {k, d}), bias = wrap(at.subspan(weights), {k});
    auto by_weight = wrap(gradient.first(weights), {k, d});
    auto by_bias = wrap(gradient.subspan(weights), {k});
    at::addmm_out(outputs, bias, x, weight.t());
    const auto value = link == Link::softmax ? softmax_loss(outputs, y) : sigmoid_loss(outputs, y);
    at::mm_out(by_weight, outputs.t(), x);
    by_weight.add_(weight, penalty);
    at::sum_out(by_bias, outputs, 0);
    return value + penalty / 2 * weight.square().sum().item<double>();
  };
  minimise(loss, parameters, {.tolerance = 1e-5});
  return {.weight = wrap({parameters.data(), weights}, {k, d}).clone(),
          .bias = wrap(std::span(parameters).subspan(weights), {k}).clone()};
}

Ridge::Ridge(const at::Tensor& x, const at::Tensor& y) : x_mean_(x.mean(0)), y_mean_(y.mean(0)) {
  const auto centred = x - x_mean_;
  const Directions directions(centred);
  spread_ = directions.spread().unsqueeze(1);
  axes_ = directions.axes(directions.count());
  // A column that is constant has a mean that differs from its values by rounding, which must not
  // become weights.
  const auto varies = y.amax(0).ne(y.amin(0));
  products_ = at::mm(at::mm(axes_, centred.t()), y - y_mean_) * varies;
}

LinearModel Ridge::fit(const at::Tensor& c) const {
  LinearModel model;
  model.weight = at::mm((products_ / (spread_ + c.reciprocal())).t(), axes_);
  model.bias = y_mean_ - at::mv(model.weight, x_mean_);
  return model;
}

LinearModel Ridge::fit(double c) const {
  return fit(at::full({y_mean_.size(0)}, c, at::kDouble));
}

Standardiser Standardiser::of(const at::Tensor& x) {
  const auto [variance, mean] = at::var_mean(x, 0, /*unbiased=*/false);
  auto scale = variance.sqrt();
  // Due to rounding, a constant column has a deviation of some ulp of its mean.
  const auto constant = scale <= mean.abs() * 1e-12;
  return {.mean = mean, .scale = at::where(constant, at::ones_like(scale), scale)};
}

at::Tensor Standardiser::apply(const at::Tensor& x) const {
  return (x - mean.to(x.options())).div_(scale.to(x.options()));
}

}  // namespace earshot::kit
