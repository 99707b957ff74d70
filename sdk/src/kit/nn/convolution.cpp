#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include <earshot/error.hpp>
#include <earshot/kit/nn/convolution.hpp>

namespace earshot::kit {

namespace {

constexpr double group_norm_epsilon = 1e-5;  // PyTorch's default, which EnCodec keeps

ConvolutionTensors declare(const ConvolutionOptions& options, at::IntArrayRef shape,
                           Parameters& parameters, const std::string& name) {
  const auto initial = Initial::fan_in(shape[1] * shape[2]);
  ConvolutionTensors tensors;
  tensors.weight = options.norm == ConvolutionNorm::weight
                       ? parameters.add_weight_norm(name + ".conv.weight", shape, initial)
                       : parameters.add(name + ".conv.weight", shape, initial);
  if (options.bias) tensors.bias = parameters.add(name + ".conv.bias", {options.out}, initial);
  if (options.norm == ConvolutionNorm::time_group) {
    tensors.norm_weight =
        parameters.add(name + ".norm.weight", {options.out}, Initial::constant(1));
    tensors.norm_bias = parameters.add(name + ".norm.bias", {options.out}, Initial::constant(0));
  }
  return tensors;
}

at::Tensor normalized(const at::Tensor& x, const ConvolutionTensors& tensors) {
  if (!tensors.norm_weight.defined()) return x;
  return at::group_norm(x, 1, tensors.norm_weight, tensors.norm_bias, group_norm_epsilon);
}

}  // namespace

Padding padding_from(const std::string& name) {
  if (name == "constant") return Padding::zeros;
  if (name == "replicate") return Padding::replicate;
  if (name == "reflect") return Padding::reflect;
  throw DataError("padding '" + name + "' is unknown; allowed: constant, replicate, reflect");
}

at::Tensor pad(const at::Tensor& x, std::int64_t left, std::int64_t right, Padding mode) {
  if (left == 0 && right == 0) return x;
  if (mode == Padding::zeros) return at::constant_pad_nd(x, {left, right});
  if (mode == Padding::replicate) return at::replication_pad1d(x, {left, right});
  const auto lacking = std::max<std::int64_t>(0, std::max(left, right) + 1 - x.size(-1));
  const auto padded =
      at::reflection_pad1d(lacking == 0 ? x : at::constant_pad_nd(x, {0, lacking}), {left, right});
  return padded.narrow(-1, 0, padded.size(-1) - lacking);
}

Convolution::Convolution(const ConvolutionOptions& options, Parameters& parameters,
                         const std::string& name)
    : options_(options),
      tensors_(declare(options, {options.out, options.in / options.groups, options.kernel},
                       parameters, name)) {}

at::Tensor Convolution::forward(const at::Tensor& x, Stream* stream) const {
  const auto& o = options_;
  const auto surplus = (o.kernel - 1) * o.dilation + 1 - o.stride;
  const auto length = x.size(-1);
  const auto fill = (o.stride - length % o.stride) % o.stride;
  at::Tensor padded;
  if (stream == nullptr || surplus <= 0) {
    const auto right = o.causal ? 0 : surplus / 2;
    padded = pad(x, surplus - right, right + fill, o.padding);
  } else {
    auto& before = stream->next();
    const auto joined = before.defined() ? at::cat({before, x}, -1) : pad(x, surplus, 0, o.padding);
    // A copy: a view would keep the whole stretch alive.
    before = joined.narrow(-1, joined.size(-1) - surplus, surplus).clone();
    padded = pad(joined, 0, fill, o.padding);
  }
  return normalized(at::conv1d(padded, tensors_.weight, tensors_.bias, o.stride, at::IntArrayRef{0},
                               o.dilation, o.groups),
                    tensors_);
}

TransposedConvolution::TransposedConvolution(const ConvolutionOptions& options,
                                             Parameters& parameters, const std::string& name)
    : options_(options),
      tensors_(declare(options, {options.in, options.out / options.groups, options.kernel},
                       parameters, name)) {}

at::Tensor TransposedConvolution::forward(const at::Tensor& x, Stream* stream) const {
  const auto& o = options_;
  const auto surplus = o.kernel - o.stride;
  const auto length = x.size(-1) * o.stride;
  if (stream == nullptr || surplus <= 0) {
    const auto y = normalized(
        at::conv_transpose1d(x, tensors_.weight, tensors_.bias, o.stride, 0, 0, o.groups),
        tensors_);
    const auto right =
        o.causal ? static_cast<std::int64_t>(std::ceil(static_cast<double>(surplus) * o.trim_right))
                 : surplus / 2;
    return y.narrow(-1, surplus - right, length);
  }
  // What reaches beyond this stretch is added to the next; the bias only once.
  auto y = at::conv_transpose1d(x, tensors_.weight, {}, o.stride, 0, 0, o.groups);
  auto& before = stream->next();
  if (before.defined()) y.narrow(-1, 0, surplus).add_(before);
  before = y.narrow(-1, length, surplus).clone();
  y = y.narrow(-1, 0, length);
  return tensors_.bias.defined() ? y.add_(tensors_.bias.unsqueeze(-1)) : y;
}

}  // namespace earshot::kit
