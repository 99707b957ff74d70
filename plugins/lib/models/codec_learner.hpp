#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <lib/models/clip_heads.hpp>
#include <lib/models/learnt_codebooks.hpp>
#include <lib/models/spectral_losses.hpp>
#include <lib/models/stft_discriminator.hpp>

#include <earshot/encoder.hpp>
#include <earshot/learner.hpp>
#include <earshot/options.hpp>

namespace earshot::kit {

/// What there is to train in a codec.
struct CodecParts {
  NamedTensors encoder{};  ///< its weights, and those around the codebooks
  NamedTensors decoder{};  ///< which only Goal::reconstruction trains
  /// Codebooks by half of the quantiser, each a residual quantiser with its own input; the first
  /// has the first levels.
  std::vector<NamedTensors> codebooks{};
  bool random = true;      ///< weights are random numbers
  AudioNeeds needs{};      ///< of the codec
  std::int64_t width = 0;  ///< of quantised()
  /// Frames of the quantiser, for a teacher; dim: width of what the first half quantises.
  FeatureSpec frames{};
  bool can_have_teacher = false;  ///< for the first half, in reconstruction
};

/// How a neural codec learns: to reconstruct audio, or, without its decoder, to tell what is in it
/// by codes (Goal::classes, values, teacher). A codec derives from it and says what there is to
/// train, and how it encodes and decodes.
///
/// Group "model" in reconstruction: the weighted sum of
///   waveform    mean |decoded - original| / mean |original| of each clip and channel, since scenes
///               and recordings are at any level; the latter at least 0.001
///   mel, stft   SpectralLosses
///   commitment  of LearntCodebooks, the mean over each clip's levels
///   teacher     1 - cosine of the first half's quantised values, through a linear layer, and the
///               teacher's features: the mean of those within a frame to either side (Defossez et
///               al. 2024, "Moshi", section 3.3.2)
///   adversarial, features  of StftDiscriminator
/// and otherwise the losses of ClipHeads on the mean of each clip's quantised frames, plus
/// commitment. Further curves: usage and perplexity of the codebooks, means over levels.
/// Group "discriminator", if there is one, in reconstruction: its losses on originals (`original`)
/// and on what the model decoded in its turn (`decoded`).
///
/// With random weights, convolutions begin with three times the variance that the plugin draws, and
/// without biases; `continuous_steps` steps, at most a quarter of all, pass latents unquantised
/// before LearntCodebooks are drawn from them.
///
/// Each clip keeps all levels, or in training with a probability of `level_dropout` a number of
/// them that is drawn, so that the first levels learn to do without the others. All losses are
/// means over clips; clips of one length run together, without padding.
///
/// state(): the weights and codebooks by their names in checkpoints; `codebooks.<half>.*`, which
/// LearntCodebooks stores beside them; `teacher.*` and `discriminator/*`, which only training
/// needs.
class CodecLearner : public Learner {
 public:
  static OptionSchema training_options();

  /// @throws ConfigError if the options leave no loss that compares the copy with the original, or
  /// want a discriminator where nothing is decoded; Unsupported for Goal::masked.
  void prepare(const Objective& objective) override;
  NamedTensors parameters() const override;
  std::vector<ParameterGroup> groups() const override;
  void train(bool on) override { training_ = on; }
  Losses loss(const LearnerBatch& batch, const Turn& turn) override;
  std::vector<at::Tensor> step_sums() override;
  void finish_step(std::int64_t step) override;
  State state() const override;
  void load_state(const State& state) override;

 protected:
  CodecLearner(const Options& options, const Context& context);

  /// What half `number` of the quantiser makes of its input (B, T, D): the same shape.
  using Quantise = std::function<at::Tensor(std::size_t number, const at::Tensor& x)>;

  virtual CodecParts parts() const = 0;
  /// Clips of one length (B, C, N), encoded and quantised: (B, T, width), what the decoder gets.
  /// Calls quantise for each half once, in their order. Differentiable in gradient mode.
  virtual at::Tensor quantised(const at::Tensor& audio, const Quantise& quantise) const = 0;
  /// The same, decoded: (B, C, at least N).
  virtual at::Tensor reconstruct(const at::Tensor& audio, const Quantise& quantise) const = 0;

 private:
  struct Weights {
    double waveform, mel, stft, commitment, teacher, adversarial, features;
  };
  struct Linear {
    at::Tensor weight{}, bias{};
  };
  /// What became of clips of one length in the quantiser.
  struct Coded {
    at::Tensor commitment{};            ///< (B): the sum over levels
    at::Tensor first{};                 ///< what the first half quantised: (B, T, D)
    std::vector<at::Tensor> numbers{};  ///< by half: see LearntCodebooks
  };
  /// Clips of one length and what was decoded from them.
  struct Decoded {
    at::Tensor original{}, copy{};
    Coded coded{};
  };
  /// A mean over clips that is added up: each part by its name.
  class Sum;

  void check_reconstruction(const Objective& objective, const CodecParts& found) const;
  void prepare_reconstruction(const Objective& objective);
  at::Tensor drawn_levels(std::int64_t clips) const;
  Quantise quantiser(const at::Tensor& levels, std::int64_t step, Coded& coded);
  Decoded decode(const at::Tensor& audio, const at::Tensor& levels, std::int64_t step);
  void add_commitment(Sum& sum, const Coded& coded, const at::Tensor& levels) const;
  at::Tensor teacher_loss(const at::Tensor& first, const FeatureBatch& teacher,
                          const std::vector<std::int64_t>& clips) const;
  void add_distances(Sum& sum, const Decoded& made) const;
  void add_critique(Sum& sum, const Decoded& made) const;
  void set_start(const Turn& turn);  ///< of the codebooks
  Losses reconstruction_loss(const LearnerBatch& batch, const Turn& turn);
  Losses clip_loss(const LearnerBatch& batch, const Turn& turn);
  Losses discriminator_loss(const LearnerBatch& batch, const Turn& turn);
  NamedTensors model_parameters() const;
  NamedTensors stored() const;

  Options options_;
  c10::Device device_;
  std::uint64_t seed_;
  Weights weights_;
  double level_dropout_;
  bool training_ = false;
  std::optional<CodecParts> parts_{};  ///< once it is prepared
  std::vector<LearntCodebooks> halves_{};
  std::optional<SpectralLosses> spectral_{};
  std::optional<StftDiscriminator> discriminator_{};
  std::optional<Linear> teacher_{};   ///< in reconstruction
  std::optional<ClipHeads> heads_{};  ///< otherwise
  /// By part of the step: what the model's turn decoded, for the discriminator's. Only `original`
  /// and `copy`.
  std::map<std::int64_t, std::vector<Decoded>> decoded_{};
};

}  // namespace earshot::kit
