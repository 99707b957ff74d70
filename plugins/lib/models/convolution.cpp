#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include <lib/models/convolution.hpp>
#include <lib/models/dense.hpp>
#include <lib/models/elu.hpp>

#include <earshot/error.hpp>

#include "rows.hpp"

namespace earshot::kit {

namespace {

constexpr double group_norm_epsilon = 1e-5;  // PyTorch's default, which EnCodec uses

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
  const auto norm = [&](const at::Tensor& y) {
    return at::group_norm(y, 1, tensors.norm_weight, tensors.norm_bias, group_norm_epsilon);
  };
  return lies_by_rows(x) ? norm(as_image(x)).squeeze(2) : norm(x);
}

/// Like pad(), but with `before`, if defined, instead of padding on the left; applied to elu(x) if
/// requested.
at::Tensor extended(const at::Tensor& x, const at::Tensor& before, std::int64_t left,
                    std::int64_t right, Padding mode, bool after_elu) {
  const auto length = x.size(-1);
  if (left == 0 && right == 0) return after_elu ? fast_elu(x) : x;
  // Too short to be mirrored in parts; or the gradient needs again what is mirrored, which then
  // must not change.
  if (left < 0 || length <= std::max(left, right) || x.requires_grad()) {
    const auto y = after_elu ? fast_elu(x) : x;
    if (!before.defined()) return pad(y, left, right, mode);
    return pad(at::cat({before, y}, -1), 0, right, mode);
  }
  auto whole = empty_like(x, x.size(1), left + length + right);
  auto middle = whole.narrow(-1, left, length);
  if (after_elu)
    fast_elu_into(x, middle);
  else
    middle.copy_(x);
  if (before.defined())
    whole.narrow(-1, 0, left).copy_(before);
  else if (left > 0)
    whole.narrow(-1, 0, left)
        .copy_(pad(middle.narrow(-1, 0, left + 1), left, 0, mode).narrow(-1, 0, left));
  if (right > 0)
    whole.narrow(-1, left + length, right)
        .copy_(pad(middle.narrow(-1, length - right - 1, right + 1), 0, right, mode)
                   .narrow(-1, right + 1, right));
  return whole;
}

}  // namespace

Padding padding_from(const std::string& name) {
  if (name == "constant") return Padding::zeros;
  if (name == "replicate") return Padding::replicate;
  if (name == "reflect") return Padding::reflect;
  throw DataError("padding '" + name + "' is unknown; allowed: constant, replicate, reflect");
}

const char* name_of(Padding padding) {
  if (padding == Padding::zeros) return "constant";
  return padding == Padding::replicate ? "replicate" : "reflect";
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

at::Tensor Convolution::forward(const at::Tensor& x, Stream* stream, bool after_elu) const {
  const auto& o = options_;
  const auto surplus = (o.kernel - 1) * o.dilation + 1 - o.stride;
  const auto length = x.size(-1);
  const auto fill = (o.stride - length % o.stride) % o.stride;
  at::Tensor input;
  if (stream == nullptr || surplus <= 0) {
    const auto right = o.causal ? 0 : surplus / 2;
    input = extended(x, {}, surplus - right, right + fill, o.padding, after_elu);
  } else {
    auto& before = stream->next();
    input = extended(x, before, surplus, fill, o.padding, after_elu);
    // A copy: a view would keep the whole segment alive.
    before = input.narrow(-1, length, surplus).clone();
  }
  return normalized(convolved(input), tensors_);
}

at::Tensor Convolution::convolved(const at::Tensor& x) const {
  const auto& o = options_;
  if (o.groups == 1 && lies_by_rows(x)) return convolved_by_rows(x);
  return at::conv1d(x, tensors_.weight, tensors_.bias, o.stride, at::IntArrayRef{0}, o.dilation,
                    o.groups);
}

at::Tensor Convolution::convolved_by_rows(const at::Tensor& x) const {
  const auto& o = options_;
  const auto& [weight, bias, norm_weight, norm_bias] = tensors_;
  if (is_product()) return dense(x.transpose(1, 2), weight.squeeze(-1), bias).transpose(1, 2);
  if (o.dilation == 1 && o.stride > 1 && o.kernel == 2 * o.stride) return two_taps(x);
  if (o.dilation == 1 && o.in == 1) {
    const auto windows = x.select(1, 0).unfold(-1, o.kernel, o.stride);
    return dense(windows, weight.flatten(1), bias).transpose(1, 2);
  }
  return at::conv2d(as_image(x), weight.unsqueeze(2), bias, {1, o.stride}, at::IntArrayRef{0},
                    {1, o.dilation})
      .squeeze(2);
}

/// With x_t the block of `stride` positions with which window t begins, a window is two taps, y_t =
/// A x_t + B x_(t+1), and two windows cost three products instead of four:
///     y_0 = (A + B) x_1 + A (x_0 - x_1),  y_1 = (A + B) x_1 + B (x_2 - x_1).
/// (Winograd 1980, "Arithmetic Complexity of Computations": a fast algorithm for FIR filters.)
at::Tensor Convolution::two_taps(const at::Tensor& x) const {
  const auto& o = options_;
  const auto& weight = tensors_.weight;
  if (!taps_.sum.defined() || taps_.version != weight._version()) {
    const auto tap = [&](std::int64_t begin) {
      return weight.narrow(2, begin, o.stride).transpose(1, 2).flatten(1).contiguous();
    };
    taps_ = {tap(0), tap(o.stride), {}, weight._version()};
    taps_.sum = taps_.first + taps_.second;
  }
  const auto count = x.size(2) / o.stride;
  const auto blocks =
      x.narrow(2, 0, count * o.stride).transpose(1, 2).reshape({x.size(0), count, -1});
  const auto every_second = [](const at::Tensor& y, std::int64_t begin) {
    return y.slice(1, begin, y.size(1), 2);
  };
  const auto pairs = count / 2, whole = (count - 1) / 2;  // the last may lack its second window
  const auto middle = every_second(blocks, 1);
  const auto common = dense(middle, taps_.sum, tensors_.bias);
  auto y = at::empty({x.size(0), count - 1, o.out}, x.options());
  every_second(y, 0).copy_(
      dense_add(common, every_second(blocks, 0).narrow(1, 0, pairs) - middle, taps_.first));
  if (whole > 0)
    every_second(y, 1).copy_(dense_add(common.narrow(1, 0, whole),
                                       every_second(blocks, 2) - middle.narrow(1, 0, whole),
                                       taps_.second));
  return y.transpose(1, 2);
}

bool Convolution::is_product() const {
  return options_.kernel == 1 && options_.stride == 1 && options_.groups == 1;
}

at::Tensor Convolution::forward_add(const at::Tensor& other, const at::Tensor& x) const {
  if (!is_product() || tensors_.norm_weight.defined() || !lies_by_rows(x) || !lies_by_rows(other))
    return forward(x).add_(other);
  return dense_add(other.transpose(1, 2), x.transpose(1, 2), tensors_.weight.squeeze(-1),
                   tensors_.bias)
      .transpose(1, 2);
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
  // The part beyond this segment is added to the next one; the bias only once.
  auto y = at::conv_transpose1d(x, tensors_.weight, {}, o.stride, 0, 0, o.groups);
  auto& before = stream->next();
  if (before.defined()) y.narrow(-1, 0, surplus).add_(before);
  before = y.narrow(-1, length, surplus).clone();
  y = y.narrow(-1, 0, length);
  return tensors_.bias.defined() ? y.add_(tensors_.bias.unsqueeze(-1)) : y;
}

}  // namespace earshot::kit
