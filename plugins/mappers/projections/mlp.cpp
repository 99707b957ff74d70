#include "mlp.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

namespace projections {

using earshot::FeatureBatch;
using earshot::FeatureSpec;
using earshot::NamedTensors;
using earshot::Options;
using earshot::OptionSchema;

OptionSchema LinearProjection::options() {
  return {tokens_option()};
}

LinearProjection::LinearProjection(const Options& options, const earshot::Context& context)
    : Projection(options, context) {}

FeatureSpec LinearProjection::build(const FeatureSpec& in, std::int64_t out_dim) {
  layer_ = Layer::fan_in(in.dim, out_dim, device());
  return in;
}

FeatureBatch LinearProjection::project(const FeatureBatch& features) const {
  return {layer_(features.values), features.lengths, features.spec};
}

NamedTensors LinearProjection::parameters() const {
  NamedTensors all;
  layer_.list("linear", all);
  return all;
}

std::int64_t hidden_for(std::int64_t weights, std::int64_t in, std::int64_t out) {
  constexpr double allowed = 0.02;
  const auto of_each = in + 1 + out;
  const auto exact = static_cast<double>(weights - out) / static_cast<double>(of_each);
  const auto hidden = std::max<std::int64_t>(1, std::llround(exact));
  const auto count = hidden * of_each + out;
  if (std::abs(count - weights) > std::llround(allowed * static_cast<double>(weights)))
    throw earshot::ConfigError(
        "params is " + std::to_string(weights) + ", but a hidden width of " +
        std::to_string(hidden) + " between " + std::to_string(in) + " and " + std::to_string(out) +
        " has " + std::to_string(count) + " weights, more than 2 % off; allowed: " +
        std::to_string(static_cast<std::int64_t>(of_each / (2 * allowed)) + out) +
        " or more, or the number for an exact width. Give 'hidden' instead");
  return hidden;
}

OptionSchema TwoLayers::options() {
  return {
      tokens_option(),
      {.name = "hidden",
       .value = std::int64_t{0},
       .help = "Width of the hidden layer; 0: as wide as the output",
       .min = 0},
      {.name = "params",
       .value = std::int64_t{0},
       .help = "Chooses the hidden width so that the mapper has this many weights within 2 %, the "
               "same for encoders of any width; 0: as in 'hidden'",
       .min = 0},
      {.name = "dropout",
       .value = 0.0,
       .help = "Dropout rate of hidden values in training",
       .min = 0,
       .max = 0.99},
  };
}

TwoLayers::TwoLayers(const Options& options, const earshot::Context& context, std::int64_t frames,
                     Merge merge)
    : Projection(options, context),
      hidden_(options.integer("hidden")),
      weights_(options.integer("params")),
      frames_(frames),
      merge_(merge),
      dropout_(options.number("dropout")) {
  if (hidden_ > 0 && weights_ > 0)
    throw earshot::ConfigError("hidden is " + std::to_string(hidden_) + " and params " +
                               std::to_string(weights_) + "; use one or the other");
}

FeatureSpec TwoLayers::build(const FeatureSpec& in, std::int64_t out_dim) {
  const auto spec = merged_spec(in, frames_, merge_);
  const auto hidden = weights_ > 0  ? hidden_for(weights_, spec.dim, out_dim)
                      : hidden_ > 0 ? hidden_
                                    : out_dim;
  first_ = Layer::fan_in(spec.dim, hidden, device());
  second_ = Layer::fan_in(hidden, out_dim, device());
  return spec;
}

FeatureBatch TwoLayers::project(const FeatureBatch& features) const {
  auto few = merged(features, frames_, merge_);
  few.values = second_(dropped(at::gelu(first_(few.values)), dropout_));
  return few;
}

NamedTensors TwoLayers::parameters() const {
  NamedTensors all;
  first_.list("first", all);
  second_.list("second", all);
  return all;
}

OptionSchema PoolMlp::options() {
  auto schema = TwoLayers::options();
  schema.push_back({.name = "frames",
                    .value = std::int64_t{4},
                    .help = "Number of consecutive frames to merge into one, after 'tokens'",
                    .unit = "frames",
                    .min = 1});
  schema.push_back({.name = "merge",
                    .value = std::string("average"),
                    .help = "How frames are merged: by their mean, or by stacking their values",
                    .choices = {"average", "stack"}});
  return schema;
}

PoolMlp::PoolMlp(const Options& options, const earshot::Context& context)
    : TwoLayers(options, context, options.integer("frames"),
                options.text("merge") == "stack" ? Merge::stack : Merge::average) {}

}  // namespace projections
