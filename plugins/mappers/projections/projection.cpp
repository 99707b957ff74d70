#include "projection.hpp"

#include <ATen/ATen.h>

#include <earshot/kit/pooling.hpp>

namespace projections {

using earshot::FeatureBatch;
using earshot::FeatureSpec;

earshot::OptionSpec Projection::tokens_option() {
  return earshot::kit::tokens_option();
}

Projection::Projection(const earshot::Options& options, const earshot::Context& context)
    : device_(context.device), tokens_(options.integer("tokens")) {}

FeatureSpec Projection::connect(const FeatureSpec& in, std::int64_t out_dim) {
  in_ = in;
  auto frames = in;
  if (tokens_ == 1) frames.frame_rate = 0;
  out_ = build(frames, out_dim);
  out_.dim = out_dim;
  return out_;
}

FeatureBatch Projection::map(const FeatureBatch& features) {
  features.check();
  if (features.spec.dim != in_.dim)
    throw earshot::ContractError("features of dim " + std::to_string(features.spec.dim) +
                                 " to a mapper connected to " + std::to_string(in_.dim) +
                                 "; expected the same");
  auto fewer = earshot::kit::at_most_frames(features, tokens_);
  if (tokens_ == 1) fewer.spec.frame_rate = 0;  // there may have been a single frame before
  fewer.values = fewer.values.to(at::kFloat);
  auto mapped = project(fewer);
  mapped.spec = out_;
  return mapped;
}

at::Tensor Projection::dropped(const at::Tensor& x, double share) const {
  return training_ && share > 0 ? at::dropout(x, share, /*train=*/true) : x;
}

}  // namespace projections
