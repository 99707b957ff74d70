#pragma once
#include <earshot/encoder.hpp>
#include <earshot/options.hpp>
#include <earshot/sized.hpp>

#include "declaration.hpp"
#include "module.hpp"

namespace torchscript {

/// Clips run alone or in a batch with others of the same length, so that padding affects no frame.
/// The output is compared with the declaration.
class TorchScript final : public earshot::Encoder, public earshot::Sized {
 public:
  static earshot::OptionSchema options();
  TorchScript(const earshot::Options& options, const earshot::Context& context);

  earshot::AudioNeeds needs() const override;
  earshot::FeatureSpec spec() const override { return spec_; }
  earshot::FeatureBatch encode(const earshot::AudioBatch& audio) override;
  std::int64_t parameter_count() const override { return module_.parameter_count(); }

 private:
  at::Tensor run(const at::Tensor& clips);            ///< (B, C, N) to (B, T, D)
  at::Tensor as_frames(const at::Tensor& out) const;  ///< from any layout to (B, T, D)
  [[noreturn]] void refuse(const std::string& what) const;

  std::filesystem::path file_;
  c10::Device device_;
  Module module_;
  Declaration declared_;
  std::int64_t most_clips_;
  earshot::FeatureSpec spec_;
};

}  // namespace torchscript
