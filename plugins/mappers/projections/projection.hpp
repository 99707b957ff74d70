#pragma once
#include <earshot/mapper.hpp>
#include <earshot/options.hpp>

namespace projections {

/// Base of all mappers here: first reduces the number of frames if `tokens` asks for it, then
/// applies something that processes each frame separately. All in float32; weights are drawn when
/// connected.
class Projection : public earshot::Mapper {
 public:
  earshot::FeatureSpec connect(const earshot::FeatureSpec& in, std::int64_t out_dim) final;
  earshot::FeatureBatch map(const earshot::FeatureBatch& features) final;
  void train(bool on) final { training_ = on; }

 protected:
  /// The option `tokens`.
  static earshot::OptionSpec tokens_option();
  Projection(const earshot::Options& options, const earshot::Context& context);

  /// Makes weights for frames of `in`. @returns the spec of project()'s result, except dim.
  virtual earshot::FeatureSpec build(const earshot::FeatureSpec& in, std::int64_t out_dim) = 0;
  /// (B, T, D) to (B, T', out_dim).
  virtual earshot::FeatureBatch project(const earshot::FeatureBatch& features) const = 0;

  c10::Device device() const { return device_; }
  /// Sets a share of the values to zero during training and scales up the others accordingly.
  at::Tensor dropped(const at::Tensor& x, double share) const;

 private:
  c10::Device device_;
  std::int64_t tokens_;
  bool training_ = false;
  earshot::FeatureSpec in_{}, out_{};
};

}  // namespace projections
