#pragma once
#include <optional>

#include <lib/models/clusters.hpp>
#include <lib/models/frame_sample.hpp>

#include <earshot/codec.hpp>
#include <earshot/encoder.hpp>
#include <earshot/kit/checkpoint.hpp>
#include <earshot/learner.hpp>
#include <earshot/options.hpp>
#include <earshot/reader.hpp>
#include <earshot/sized.hpp>

namespace kmeans {

/// Discrete units: each frame of a source's features becomes the number of its nearest centroid.
/// Features are the centroids themselves. Learns by mini-batch k-means.
///
/// How it fits Learner. The parameters are the centroids, and the loss is what k-means minimises,
/// the mean squared distance of a frame from its nearest centroid, whose gradient reaches them. But
/// a step along that gradient, with one learning rate for all and AdamW's scaling, is not k-means,
/// in which each centroid has a rate of its own, the 1 / N of Clusters. So finish_step() undoes the
/// optimiser's step and takes the exact one from step_sums(), which hold all it needs: number and
/// sum of the frames of each centroid. The result depends on neither learning rate nor decay of the
/// optimiser, and is the same however a step is divided into parts or among processes.
///
/// Training begins by collecting frames (FrameSample, in step_sums() as well) until there are
/// `init_frames`, and draws the first centroids from them; once half of the steps are done, k
/// frames are enough. Until then nothing moves.
class KMeans final : public earshot::Encoder,
                     public earshot::Codec,
                     public earshot::Reader,
                     public earshot::Learner,
                     public earshot::Sized {
 public:
  static earshot::OptionSchema options();
  KMeans(const earshot::Options& options, const earshot::Context& context);

  earshot::AudioNeeds needs() const override { return {}; }
  earshot::FeatureSpec spec() const override;  ///< that of the source
  earshot::FeatureBatch encode(const earshot::AudioBatch& audio) override;

  earshot::CodeSpec code_spec() const override;
  earshot::CodeBatch quantize(const earshot::AudioBatch& audio) override;
  earshot::FeatureBatch embed(const earshot::CodeBatch& codes) override;
  earshot::AudioBatch decode(const earshot::CodeBatch& codes) override;

  std::vector<earshot::Reads> reads() const override { return {earshot::Reads::features}; }
  void connect(std::span<const earshot::SourceSpec> sources) override;
  earshot::FeatureBatch read(std::span<const earshot::SourceBatch> sources) override;
  earshot::CodeBatch read_codes(std::span<const earshot::SourceBatch> sources) override;

  void prepare(const earshot::Objective& objective) override;
  earshot::NamedTensors parameters() const override { return {{"centroids", centroids_}}; }
  void train(bool on) override { training_ = on; }
  /// Parts: `inertia`, the mean squared distance; `usage`, the share of centroids that the batch
  /// uses; `perplexity`, e to the entropy of its codes in nat.
  earshot::Losses loss(const earshot::LearnerBatch& batch, const earshot::Turn& turn) override;
  std::vector<at::Tensor> step_sums() override;
  void finish_step(std::int64_t step) override;
  earshot::State state() const override;
  void load_state(const earshot::State& state) override;
  earshot::State export_weights() const override;  ///< the centroids alone

  std::int64_t parameter_count() const override { return centroids_.numel(); }

 private:
  /// The valid frames of a batch, clip after clip: float32 (N, D); the clip of each and its place
  /// there, int64 (N).
  struct Frames {
    at::Tensor values, clips, places;
  };
  Frames frames_of(const earshot::FeatureBatch& features) const;
  at::Tensor drawn_at_random() const;
  at::Tensor centroids_in_file() const;
  void add_to_sums(const Frames& frames, const at::Tensor& codes, const earshot::Turn& turn);
  bool needs_sample() const;
  void collect(std::int64_t step);
  void initialise();
  void reset_parameter();

  std::int64_t k_, init_frames_;
  bool spreads_;  ///< k-means++
  double decay_, revive_after_;
  std::uint64_t seed_;
  c10::Device device_;
  std::optional<earshot::kit::Checkpoint> file_{};
  std::optional<earshot::FeatureSpec> grid_{};

  at::Tensor centroids_{};  ///< the parameter, which the optimiser may move
  std::optional<earshot::kit::Clusters>
      clusters_{};  ///< to whose centroids finish_step() sets the parameter
  bool initialised_ = false, training_ = false;
  at::Tensor collected_{};         ///< float32 (M, D), until there are centroids
  double frames_in_step_ = 0;      ///< of all parts and processes, in the last step; 0: not known
  std::int64_t steps_ = 0;         ///< of the whole training
  at::Tensor numbers_{}, sums_{};  ///< float64 (k), (k, D): of the frames of each centroid
  std::optional<earshot::kit::FrameSample> sample_{};
};

}  // namespace kmeans
