#pragma once
#include "layer.hpp"
#include "projection.hpp"

namespace projections {

/// Mellow's projection (Deshmukh et al. 2025, "Mellow: a small audio language model for reasoning",
/// taken from CLAP, Elizalde et al. 2023): e1 = W1 x, e2 = dropout(W2 gelu(e1)), LayerNorm(e1 +
/// e2), both layers without bias. Then, as in Mellow, the mean of every `pool` frames. In Mellow,
/// prediction probabilities go through one more layer before that (527 to 768), which is merged
/// into W1 here: two consecutive linear layers are one.
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
