#pragma once
#include <optional>

#include <lib/models/clip_heads.hpp>

#include <earshot/encoder.hpp>
#include <earshot/learner.hpp>
#include <earshot/options.hpp>
#include <earshot/reader.hpp>
#include <earshot/sized.hpp>

#include "model.hpp"

namespace code_cnn {

/// A small convolutional network over the codes or features of one other encoder: one vector per
/// clip, learnt from labels (classes or values) or from a teacher. A source with one vector per
/// clip is a clip of one frame, which is the older two-dimensional input of the published class.
///
/// Batch norms use the statistics of the valid frames of a batch in training, and in a training by
/// several processes each those of its own clips, as PyTorch's do unless they are synchronised.
class CodeCnn final : public earshot::Encoder,
                      public earshot::Reader,
                      public earshot::Learner,
                      public earshot::Sized {
 public:
  static earshot::OptionSchema options() { return code_cnn::options(); }
  CodeCnn(const earshot::Options& options, const earshot::Context& context);

  earshot::AudioNeeds needs() const override { return {}; }
  earshot::FeatureSpec spec() const override;
  earshot::FeatureBatch encode(const earshot::AudioBatch& audio) override;

  std::vector<earshot::Reads> reads() const override;
  void connect(std::span<const earshot::SourceSpec> sources) override;
  earshot::FeatureBatch read(std::span<const earshot::SourceBatch> sources) override;

  void prepare(const earshot::Objective& objective) override;
  earshot::NamedTensors parameters() const override;
  void train(bool on) override { training_ = on; }
  earshot::Losses loss(const earshot::LearnerBatch& batch, const earshot::Turn& turn) override;
  earshot::State state() const override;
  void load_state(const earshot::State& state) override;
  earshot::State export_weights() const override;  ///< without heads

  std::int64_t parameter_count() const override;

 private:
  struct Source {
    at::Tensor values, lengths;
  };
  const Model& model() const;  ///< @throws ContractError before connect()
  Source source_of(std::span<const earshot::SourceBatch> sources) const;
  earshot::NamedTensors stored() const;

  earshot::Options options_;
  c10::Device device_;
  std::optional<earshot::kit::Checkpoint> checkpoint_{};
  earshot::SourceSpec grid_{};
  std::optional<Model> model_{};
  std::optional<earshot::kit::ClipHeads> heads_{};
  bool training_ = false;
};

}  // namespace code_cnn
