#pragma once
#include "frames.hpp"
#include "layer.hpp"
#include "projection.hpp"

namespace projections {

class LinearProjection final : public Projection {
 public:
  static earshot::OptionSchema options();
  LinearProjection(const earshot::Options& options, const earshot::Context& context);
  earshot::NamedTensors parameters() const override;

 private:
  earshot::FeatureSpec build(const earshot::FeatureSpec& in, std::int64_t out_dim) override;
  earshot::FeatureBatch project(const earshot::FeatureBatch& features) const override;

  Layer layer_;
};

/// The width of the hidden layer with which in -> hidden -> out has as nearly as possible `weights`
/// weights, including biases. @throws ConfigError if that is off by more than 2 %, saying which
/// numbers are near.
std::int64_t hidden_for(std::int64_t weights, std::int64_t in, std::int64_t out);

/// Linear, GELU (exact), dropout, linear, on each frame or on several merged ones.
class TwoLayers : public Projection {
 public:
  earshot::NamedTensors parameters() const final;

 protected:
  static earshot::OptionSchema options();
  TwoLayers(const earshot::Options& options, const earshot::Context& context, std::int64_t frames,
            Merge merge);

 private:
  earshot::FeatureSpec build(const earshot::FeatureSpec& in, std::int64_t out_dim) final;
  earshot::FeatureBatch project(const earshot::FeatureBatch& features) const final;

  std::int64_t hidden_, weights_, frames_;
  Merge merge_;
  double dropout_;
  Layer first_, second_;
};

class Mlp final : public TwoLayers {
 public:
  static earshot::OptionSchema options() { return TwoLayers::options(); }
  Mlp(const earshot::Options& options, const earshot::Context& context)
      : TwoLayers(options, context, 1, Merge::average) {}
};

class PoolMlp final : public TwoLayers {
 public:
  static earshot::OptionSchema options();
  PoolMlp(const earshot::Options& options, const earshot::Context& context);
};

}  // namespace projections
