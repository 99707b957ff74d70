#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include <earshot/kit/log_mel.hpp>

namespace earshot::kit {

/// What fills a clip that is too short: itself, as often as it fits whole, then zeros; itself, the
/// last time cut; or zeros.
enum class ClapPadding { repeat_pad, repeat, zeros };

/// What is heard of a clip that is too long: one stretch, or the whole, shrunk, beside a stretch of
/// each third.
enum class ClapTruncation { crop, fusion };

/// `samples` (at least one), followed by what fills them up to `length`; as they are where they are
/// not shorter.
std::vector<float> clap_padded(std::span<const float> samples, std::int64_t length,
                               ClapPadding padding);

struct ClapFrontEndOptions {
  std::int64_t sample_rate = 48000;   ///< Hz, that filters are made for
  std::int64_t max_samples = 480000;  ///< that the model hears at once
  std::int64_t n_fft = 1024, hop = 480, mels = 64;
  double fmin = 50, fmax = 14000;  ///< Hz, as preprocessor_config.json of the published models
  ClapTruncation truncation = ClapTruncation::crop;
  ClapPadding padding = ClapPadding::repeat_pad;
};

/// Audio to log-mel frames as transformers' ClapFeatureExtractor: power in decibels, not below
/// 1e-10, by Slaney's filters of equal area; with fusion by HTK's of equal height. Where it draws
/// stretches at random, here they are the middle ones, or begin where the caller says.
class ClapFrontEnd {
 public:
  explicit ClapFrontEnd(const ClapFrontEndOptions& options);  ///< @throws ConfigError
  /// With filters that a model brings.
  ClapFrontEnd(const ClapFrontEndOptions& options, MelFilters filters);

  struct Input {
    at::Tensor mels{};    ///< float32 (channels(), frames(), mels)
    bool longer = false;  ///< whether its channels differ. (The extractor also calls one clip, at
                          ///< random, of each batch without a longer one so; this never does.)
  };
  const ClapFrontEndOptions& options() const { return options_; }
  std::int64_t channels() const { return options_.truncation == ClapTruncation::fusion ? 4 : 1; }
  std::int64_t frames() const;  ///< of max_samples

  /// With fusion, the channels are the whole and the stretches of the first, middle and last third.
  Input operator()(std::span<const float> samples) const;

  /// The frames of all of the samples, however many: (frames, mels).
  at::Tensor mel_frames(std::span<const float> samples) const;

  /// Of a longer clip, the stretch that begins at sample `start`. @throws ContractError
  at::Tensor crop(std::span<const float> samples, std::int64_t start) const;
  /// Of a clip with more than frames() frames, the stretches that begin at these frames.
  /// @throws ContractError
  at::Tensor fuse(std::span<const float> samples, const std::array<std::int64_t, 3>& starts) const;

 private:
  at::Tensor fused(const at::Tensor& mels, const std::array<std::int64_t, 3>& starts) const;

  ClapFrontEndOptions options_;
  LogMel log_mel_;
};

}  // namespace earshot::kit
