#include <ATen/ATen.h>

#include <lib/models/batch_norm.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

namespace {

constexpr double norm_epsilon = 1e-5, norm_momentum = 0.1;  // PyTorch's defaults

}  // namespace

BatchNorm::BatchNorm(std::int64_t width, Parameters& parameters, const std::string& name)
    : weight_(parameters.add(name + ".weight", {width}, Initial::constant(1))),
      bias_(parameters.add(name + ".bias", {width}, Initial::constant(0))),
      mean_(parameters.add(name + ".running_mean", {width}, Initial::constant(0))),
      variance_(parameters.add(name + ".running_var", {width}, Initial::constant(1))) {}

at::Tensor BatchNorm::operator()(const at::Tensor& x, bool training) const {
  return at::batch_norm(x, weight_, bias_, mean_, variance_, training, norm_momentum, norm_epsilon,
                        /*cudnn_enabled=*/false);
}

bool BatchNorm::is_statistic(const std::string& name) {
  return name.find(".running_") != std::string::npos;
}

void BatchNorm::check_clips(std::int64_t clips) {
  if (clips < 2)
    throw ConfigError(
        "a batch has one clip, which has no variance to be normalised by; at least 2 are needed. "
        "Raise the batch size");
}

}  // namespace earshot::kit
