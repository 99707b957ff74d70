#pragma once
#include <functional>
#include <span>

#include <earshot/encoder.hpp>
#include <earshot/kit/mel.hpp>
#include <earshot/kit/spectrogram.hpp>
#include <earshot/options.hpp>

namespace earshot::kit {

enum class Logarithm { decibel, natural, none };

struct LogMelOptions {
  std::int64_t sample_rate = 32000;  ///< Hz
  SpectrogramOptions spectrogram{};
  std::int64_t mels = 64;
  double fmin = 0, fmax = 0;  ///< Hz; fmax 0: half the sample rate
  MelScale scale = MelScale::slaney;
  bool area = true;
  bool single = false;  ///< as MelFilters::Options
  Logarithm logarithm = Logarithm::decibel;
  double floor = 1e-10;  ///< lower bound that is applied before the logarithm
  double top_db = 80;    ///< with decibels: range below the clip's maximum; 0: unlimited
};

/// The schema of these options for a plugin, with the defaults of `defaults`.
OptionSchema log_mel_schema(const LogMelOptions& defaults = {});
/// The user's values of these options. @throws ConfigError like the classes that use them.
LogMelOptions log_mel_options(const Options& options);

/// Mel spectrogram of one clip on a logarithmic scale. Decibels are 10 log10 of a power and
/// 20 log10 of a magnitude.
class LogMel {
 public:
  explicit LogMel(const LogMelOptions& options);  ///< @throws ConfigError
  /// With a model's own filters; the filter settings in `options` are ignored.
  LogMel(const LogMelOptions& options, MelFilters filters);

  const LogMelOptions& options() const { return options_; }
  FeatureSpec spec() const;
  std::int64_t frames(std::int64_t samples) const { return spectrogram_.frames(samples); }
  /// Writes (frames(samples.size()), mels), row by row.
  void compute(std::span<const float> samples, float* out) const;

 private:
  LogMelOptions options_;
  Spectrogram spectrogram_;
  MelFilters filters_;
};

/// Frames of an encoder that processes one mono clip at a time, on the CPU: for each clip of
/// `audio`, reserves `frames(samples)` rows of spec.dim values and has `encode` write them, for
/// several clips at a time (each_on_one_thread()): it must be thread-safe. Frames thus depend on
/// nothing but their own clip, down to the last bit. The result is on `device`.
FeatureBatch encode_clips(const AudioBatch& audio, const FeatureSpec& spec, c10::Device device,
                          const std::function<std::int64_t(std::int64_t samples)>& frames,
                          const std::function<void(std::span<const float>, float* rows)>& encode);

/// An encoder whose frames are log-mel frames, or are computed from the log-mel frames of the same
/// clip.
class LogMelBased : public Encoder {
 public:
  AudioNeeds needs() const final { return {.sample_rate = log_mel_.options().sample_rate}; }
  FeatureSpec spec() const final;
  FeatureBatch encode(const AudioBatch& audio) final;

 protected:
  /// Frames of `dim` values.
  LogMelBased(const LogMelOptions& options, std::int64_t dim, const Context& context)
      : log_mel_(options), dim_(dim), device_(context.device) {}

  const LogMel& log_mel() const { return log_mel_; }
  /// Writes log_mel().frames(samples.size()) rows of `dim` values. Called on several threads.
  virtual void encode_clip(std::span<const float> samples, float* rows) const = 0;
  /// The log-mel frames of a clip: float32 (frames, mels).
  at::Tensor mel_frames(std::span<const float> samples) const;

 private:
  LogMel log_mel_;
  std::int64_t dim_;
  c10::Device device_;
};

}  // namespace earshot::kit
