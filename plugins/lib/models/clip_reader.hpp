#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>

#include <lib/models/clip_heads.hpp>

#include <earshot/encoder.hpp>
#include <earshot/learner.hpp>
#include <earshot/reader.hpp>
#include <earshot/sized.hpp>

namespace earshot::kit {

/// What encoders share that read others, give one vector per clip, and learn from labels or from a
/// teacher. A derived class has the model: its tensors under the names of its checkpoints, of which
/// all are trained except the statistics of batch norms.
class ClipReader : public Encoder, public Reader, public Learner, public Sized {
 public:
  AudioNeeds needs() const override { return {}; }
  FeatureSpec spec() const override { return {.dim = width()}; }
  FeatureBatch encode(const AudioBatch& audio) override;  ///< @throws Unsupported
  FeatureBatch read(std::span<const SourceBatch> sources) override;

  void prepare(const Objective& objective) override;
  NamedTensors parameters() const override;
  void train(bool on) override { training_ = on; }
  Losses loss(const LearnerBatch& batch, const Turn& turn) override;
  State state() const override;
  void load_state(const State& state) override;
  State export_weights() const override;  ///< without heads

  std::int64_t parameter_count() const override;  ///< without heads

 protected:
  using Tensors = std::map<std::string, at::Tensor>;

  explicit ClipReader(c10::Device device) : device_(device) {}

  /// All of the model. @throws ContractError before connect()
  virtual const Tensors& tensors() const = 0;
  virtual std::int64_t width() const = 0;  ///< of vectors(), also when they are not the features
  /// (B, width()) for the clips of a batch. In training with dropout, statistics of the batch, and
  /// gradients.
  virtual at::Tensor vectors(std::span<const SourceBatch> sources, bool training) = 0;

  /// Makes the heads, and all that is trained require gradients.
  /// @param labels  as ClipHeads takes it
  void prepare_heads(const Objective& objective, bool labels);
  const ClipHeads& heads() const;  ///< @throws ContractError before prepare()
  bool training() const { return training_; }
  c10::Device device() const { return device_; }

 private:
  NamedTensors stored() const;

  c10::Device device_;
  std::optional<ClipHeads> heads_{};
  bool training_ = false;
};

}  // namespace earshot::kit
