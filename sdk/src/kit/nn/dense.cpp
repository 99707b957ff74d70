#include <optional>
#include <string_view>

#include <ATen/ATen.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>

#include <earshot/kit/nn/dense.hpp>

namespace earshot::kit {

namespace {

using Fused = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                         std::string_view, c10::List<std::optional<at::Scalar>>,
                         std::optional<std::string_view>);

/// What torch.compile makes of such a layer; nothing in a LibTorch without oneDNN.
std::optional<c10::TypedOperatorHandle<Fused>> fused() {
  const auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  if (!found || !at::globalContext().userEnabledMkldnn()) return {};
  return found->typed<Fused>();
}

bool needs_gradient(const at::Tensor& x, const at::Tensor& weight) {
  return at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad());
}

}  // namespace

at::Tensor dense(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                 Activation activation) {
  static const auto operation = fused();
  const bool gelu = activation == Activation::gelu;
  if (operation && x.is_cpu() && x.scalar_type() == at::kFloat && !needs_gradient(x, weight))
    return operation->call(
        x.contiguous(), weight, bias.defined() ? std::make_optional(bias) : std::nullopt,
        gelu ? "gelu" : "none", c10::List<std::optional<at::Scalar>>(), gelu ? "none" : "");
  const auto result = at::linear(x, weight, bias);
  return gelu ? at::gelu(result) : result;
}

}  // namespace earshot::kit
