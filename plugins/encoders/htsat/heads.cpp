#include "heads.hpp"

#include <ATen/ATen.h>

namespace htsat {

namespace {

using earshot::kit::Initial;
using earshot::kit::Parameters;

constexpr double head_epsilon = 1e-5;  // in LayerNorm and BatchNorm

}  // namespace

Projection::Projection(std::int64_t in, std::int64_t out, bool residual, Parameters& parameters,
                       const std::string& name)
    : residual_(residual),
      first_(parameters.add(name + ".linear1.weight", {out, in}, Initial::fan_in(in))),
      second_(parameters.add(name + ".linear2.weight", {out, out}, Initial::fan_in(out))) {
  if (residual) {
    norm_weight_ = parameters.add(name + ".layer_norm.weight", {out}, Initial::constant(1));
    norm_bias_ = parameters.add(name + ".layer_norm.bias", {out}, Initial::constant(0));
  } else {
    first_bias_ = parameters.add(name + ".linear1.bias", {out}, Initial::fan_in(in));
    second_bias_ = parameters.add(name + ".linear2.bias", {out}, Initial::fan_in(out));
  }
}

at::Tensor Projection::forward(const at::Tensor& x) const {
  const auto first = at::linear(x, first_, first_bias_);
  if (!residual_) return at::linear(at::relu(first), second_, second_bias_);
  return at::layer_norm(first + at::linear(at::gelu(first), second_), {first.size(-1)},
                        norm_weight_, norm_bias_, head_epsilon);
}

Fusion::Fusion(std::int64_t width, std::int64_t inner, Parameters& parameters,
               const std::string& name) {
  const auto declare = [&](const std::string& part, int convolution, std::int64_t in,
                           std::int64_t out) -> Layer {
    const auto at = name + "." + part + "_att.";
    const auto layer = at + std::to_string(convolution) + ".";
    const auto norm = at + std::to_string(convolution + 1) + ".";
    return {parameters.add(layer + "weight", {out, in, 1, 1}, Initial::fan_in(in)),
            parameters.add(layer + "bias", {out}, Initial::fan_in(in)),
            parameters.add(norm + "weight", {out}, Initial::constant(1)),
            parameters.add(norm + "bias", {out}, Initial::constant(0)),
            parameters.add(norm + "running_mean", {out}, Initial::constant(0)),
            parameters.add(norm + "running_var", {out}, Initial::constant(1))};
  };
  // Numbered as in the reference, which also counts layers without parameters.
  local_[0] = declare("local", 0, width, inner);
  local_[1] = declare("local", 3, inner, width);
  global_[0] = declare("global", 1, width, inner);
  global_[1] = declare("global", 4, inner, width);
}

at::Tensor Fusion::Layer::forward(const at::Tensor& x) const {
  return at::batch_norm(at::conv2d(x, weight, bias), norm_weight, norm_bias, mean, variance,
                        /*training=*/false, /*momentum=*/0, head_epsilon, /*cudnn_enabled=*/false);
}

at::Tensor Fusion::forward(const at::Tensor& whole, const at::Tensor& parts) const {
  const auto both = whole + parts;
  const auto local = local_[1].forward(at::relu(local_[0].forward(both)));
  const auto global =
      global_[1].forward(at::relu(global_[0].forward(both.mean({2, 3}, /*keepdim=*/true))));
  const auto share = at::sigmoid(local + global);
  return 2 * whole * share + 2 * parts * (1 - share);
}

}  // namespace htsat
