#pragma once
#include <optional>

#include <lib/models/clip_reader.hpp>
#include <lib/models/code_network.hpp>

#include <earshot/options.hpp>

namespace code_cnn {

/// A small convolutional network over the codes or features of one other encoder: one vector per
/// clip, learnt from labels (classes or values) or from a teacher. A source with one vector per
/// clip is a clip of one frame, which is the older two-dimensional input of the published class.
class CodeCnn final : public earshot::kit::ClipReader {
 public:
  static earshot::OptionSchema options();
  CodeCnn(const earshot::Options& options, const earshot::Context& context);

  std::vector<earshot::Reads> reads() const override;
  void connect(std::span<const earshot::SourceSpec> sources) override;

 private:
  const Tensors& tensors() const override;
  std::int64_t width() const override { return network().sizes().outputs; }
  at::Tensor vectors(std::span<const earshot::SourceBatch> sources, bool training) override;

  const earshot::kit::CodeNetwork& network() const;  ///< @throws ContractError before connect()

  earshot::Options options_;
  std::optional<earshot::kit::Checkpoint> checkpoint_{};
  earshot::SourceSpec grid_{};
  std::optional<earshot::kit::Parameters> parameters_{};
  std::optional<earshot::kit::CodeNetwork> network_{};
};

}  // namespace code_cnn
