#pragma once
#include <optional>

#include <lib/models/clip_reader.hpp>

#include "model.hpp"

namespace multimodal {

/// Fuses the video frames, audio codes (or features) and text features of other encoders into one
/// vector per clip, and learns from labels or from a teacher. Of a source with several frames per
/// clip, video and text are the mean over time, as the study averages over the time of a scan.
///
/// A label that is a number or a vector is predicted by the published head, from the bottleneck
/// through a hidden layer to one value per voxel, with the mean squared error. That head exists
/// only if it is learnt or if its outputs are the features: with the published sizes it is 95 % of
/// all parameters.
class Multimodal final : public earshot::kit::ClipReader {
 public:
  static earshot::OptionSchema options() { return multimodal::options(); }
  Multimodal(const earshot::Options& options, const earshot::Context& context);

  earshot::FeatureSpec spec() const override;
  std::vector<earshot::Reads> reads() const override;
  void connect(std::span<const earshot::SourceSpec> sources) override;
  earshot::FeatureBatch read(std::span<const earshot::SourceBatch> sources) override;

  /// @throws Unsupported for labels of classes and teachers where the features are voxels
  void prepare(const earshot::Objective& objective) override;
  earshot::Losses loss(const earshot::LearnerBatch& batch, const earshot::Turn& turn) override;
  std::int64_t parameter_count() const override;

 private:
  const Tensors& tensors() const override;
  std::int64_t width() const override { return model().sizes().bottleneck; }
  at::Tensor vectors(std::span<const earshot::SourceBatch> sources, bool training) override;

  const Model& model() const;  ///< @throws ContractError before connect()
  Mode mode(bool training) const;
  at::Tensor branch(std::size_t number, std::span<const earshot::SourceBatch> source,
                    const Mode& how) const;
  earshot::kit::Parameters parameters_for(bool from_checkpoint) const;
  void fill(earshot::kit::Parameters& parameters, bool from_checkpoint, bool head);
  void add_head(std::int64_t voxels);

  earshot::Options options_;
  std::vector<Modality> modalities_;
  bool gives_voxels_;
  std::optional<earshot::kit::Checkpoint> checkpoint_{};
  std::string prefix_{};  ///< of the model's names in the checkpoint
  std::int64_t stored_voxels_ = 0;
  std::vector<earshot::SourceSpec> grids_{};
  std::optional<Model> model_{};
  std::optional<VoxelHead> head_{};
  bool learns_voxels_ = false;
  Tensors tensors_{};  ///< of model and head
  std::int64_t parameter_count_ = 0;
};

}  // namespace multimodal
