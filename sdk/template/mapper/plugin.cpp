#include <cmath>

#include <ATen/ATen.h>

#include <earshot/plugin.hpp>

namespace {

using namespace earshot;

/// From an encoder's features to embeddings of a language model. As generated: one linear layer.
class PluginClass final : public Mapper {
 public:
  PluginClass(const Options&, const Context& context) : device_(context.device) {}

  FeatureSpec connect(const FeatureSpec& in, std::int64_t out_dim) override {
    // Uniform in +-1/sqrt(in), the scale that keeps the variance of the sum.
    const double bound = 1 / std::sqrt(static_cast<double>(in.dim));
    weight_ =
        at::empty({out_dim, in.dim}, at::device(device_)).uniform_(-bound, bound).requires_grad_();
    bias_ = at::zeros({out_dim}, at::device(device_)).requires_grad_();
    return out_ = {.frame_rate = in.frame_rate, .first_frame = in.first_frame, .dim = out_dim};
  }

  /// (B, T, D) to (B, T, out_dim), frame by frame.
  FeatureBatch map(const FeatureBatch& features) override {
    return {at::linear(features.values, weight_, bias_), features.lengths, out_};
  }

  NamedTensors parameters() const override { return {{"weight", weight_}, {"bias", bias_}}; }

 private:
  c10::Device device_;
  FeatureSpec out_;
  at::Tensor weight_, bias_;
};

}  // namespace

EARSHOT_PLUGIN("plugin_name", "0.1.0", "A linear mapper") {
  registrar.add<PluginClass>("plugin_name", "One linear layer");
}
