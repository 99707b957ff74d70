#include "mellow.hpp"

#include <ATen/ATen.h>

#include "frames.hpp"

namespace projections {

using earshot::FeatureBatch;
using earshot::FeatureSpec;

earshot::OptionSchema Mellow::options() {
  return {
      tokens_option(),
      {.name = "pool",
       .value = std::int64_t{1},
       .help =
           "Number of consecutive frames to average after the projection; Mellow uses 8, of 1,024",
       .unit = "frames",
       .min = 1},
      {.name = "dropout",
       .value = 0.5,
       .help = "Dropout rate of the second layer in training",
       .min = 0,
       .max = 0.99}};
}

Mellow::Mellow(const earshot::Options& options, const earshot::Context& context)
    : Projection(options, context),
      pool_(options.integer("pool")),
      dropout_(options.number("dropout")) {}

FeatureSpec Mellow::build(const FeatureSpec& in, std::int64_t out_dim) {
  first_ = Layer::xavier(in.dim, out_dim, device());
  second_ = Layer::xavier(out_dim, out_dim, device());
  norm_weight_ = at::ones({out_dim}, at::device(device())).requires_grad_();
  norm_bias_ = at::zeros({out_dim}, at::device(device())).requires_grad_();
  return merged_spec(in, pool_, Merge::average);
}

FeatureBatch Mellow::project(const FeatureBatch& features) const {
  constexpr double epsilon = 1e-5;
  const auto first = first_(features.values);
  const auto second = dropped(second_(at::gelu(first)), dropout_);
  auto projected = features;
  projected.values =
      at::layer_norm(first + second, {first.size(-1)}, norm_weight_, norm_bias_, epsilon);
  projected.spec.dim = first.size(-1);
  return merged(projected, pool_, Merge::average);
}

earshot::NamedTensors Mellow::parameters() const {
  earshot::NamedTensors all;
  first_.list("linear1", all);
  second_.list("linear2", all);
  all.emplace_back("layer_norm.weight", norm_weight_);
  all.emplace_back("layer_norm.bias", norm_bias_);
  return all;
}

}  // namespace projections
