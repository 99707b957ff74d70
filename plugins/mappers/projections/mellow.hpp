#pragma once
#include "layer.hpp"
#include "projection.hpp"

namespace projections {

/// The projection of Mellow (Deshmukh et al. 2025, "Mellow: a small audio language model for
/// reasoning", taken from CLAP, Elizalde et al. 2023): e1 = W1 x, e2 = dropout(W2 gelu(e1)),
/// LayerNorm(e1 + e2), both layers without bias. Then, as Mellow does, the mean of each `pool`
/// frames. Mellow's prediction probabilities go through one more layer before that (527 to 768),
/// which W1 takes in here: two linear layers in a row are one.
class Mellow final : public Projection {
 public:
  static earshot::OptionSchema options();
  Mellow(const earshot::Options& options, const earshot::Context& context);
  earshot::NamedTensors parameters() const override;

 private:
  earshot::FeatureSpec build(const earshot::FeatureSpec& in, std::int64_t out_dim) override;
  earshot::FeatureBatch project(const earshot::FeatureBatch& features) const override;

  std::int64_t pool_;
  double dropout_;
  Layer first_, second_;
  at::Tensor norm_weight_, norm_bias_;
};

}  // namespace projections
