#include <optional>
#include <string_view>

#include <ATen/ATen.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>

#include <lib/models/dense.hpp>

namespace earshot::kit {

namespace {

using Pointwise = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                             std::string_view, c10::List<std::optional<at::Scalar>>,
                             std::optional<std::string_view>);
using Binary = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                          const std::optional<at::Tensor>&, std::string_view);

/// The operations that torch.compile uses for such layers; nullopt in a LibTorch without oneDNN.
template <class Signature>
std::optional<c10::TypedOperatorHandle<Signature>> fused(const char* overload) {
  const auto found =
      c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", overload});
  if (!found || !at::globalContext().userEnabledMkldnn()) return {};
  return found->typed<Signature>();
}

bool can_be_fused(const at::Tensor& x, const at::Tensor& weight) {
  const bool gradient = at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad());
  return x.is_cpu() && x.scalar_type() == at::kFloat && !gradient;
}

std::optional<at::Tensor> optional(const at::Tensor& tensor) {
  return tensor.defined() ? std::make_optional(tensor) : std::nullopt;
}

}  // namespace

at::Tensor dense(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                 Activation activation) {
  static const auto operation = fused<Pointwise>("");
  const bool gelu = activation == Activation::gelu;
  if (operation && can_be_fused(x, weight))
    return operation->call(x.contiguous(), weight, optional(bias), gelu ? "gelu" : "none",
                           c10::List<std::optional<at::Scalar>>(), gelu ? "none" : "");
  const auto result = at::linear(x, weight, bias);
  return gelu ? at::gelu(result) : result;
}

at::Tensor dense_add(const at::Tensor& other, const at::Tensor& x, const at::Tensor& weight,
                     const at::Tensor& bias) {
  static const auto operation = fused<Binary>("binary");
  if (operation && can_be_fused(x, weight) && !other.requires_grad())
    return operation->call(x.contiguous(), other.contiguous(), weight, optional(bias), "add");
  return other + at::linear(x, weight, bias);
}

}  // namespace earshot::kit
