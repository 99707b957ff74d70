#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include <earshot/kit/log_mel.hpp>

namespace earshot::kit {

/// How a clip that is too short is filled: with whole repeats of itself, then zeros; with repeats,
/// the last one cut; or with zeros.
enum class ClapPadding { repeat_pad, repeat, zeros };

/// What is taken from a clip that is too long: one segment, or the whole clip, shrunk, together
/// with a segment of each third.
enum class ClapTruncation { crop, fusion };

/// `samples` (at least one), filled up to `length`; unchanged if they are at least that long.
std::vector<float> clap_padded(std::span<const float> samples, std::int64_t length,
                               ClapPadding padding);

struct ClapFrontEndOptions {
  std::int64_t sample_rate = 48000;   ///< Hz, for the filters
  std::int64_t max_samples = 480000;  ///< maximum input of the model
  std::int64_t n_fft = 1024, hop = 480, mels = 64;
  double fmin = 50, fmax = 14000;  ///< Hz, as in preprocessor_config.json of the published models
  ClapTruncation truncation = ClapTruncation::crop;
  ClapPadding padding = ClapPadding::repeat_pad;
};

/// Audio to log-mel frames like transformers' ClapFeatureExtractor: power in decibels, not below
/// 1e-10, by Slaney's filters of equal area; with fusion by HTK's of equal height. Where the
/// extractor draws segments at random, this takes the middle ones, or those that the caller
/// requests.
class ClapFrontEnd {
 public:
  explicit ClapFrontEnd(const ClapFrontEndOptions& options);  ///< @throws ConfigError
  /// With a model's own filters.
  ClapFrontEnd(const ClapFrontEndOptions& options, MelFilters filters);

  struct Input {
    at::Tensor mels{};    ///< float32 (channels(), frames(), mels)
    bool longer = false;  ///< whether its channels differ. (In a batch without longer clips, the
                          ///< extractor marks one clip, at random, as longer; this never does.)
  };
  const ClapFrontEndOptions& options() const { return options_; }
  std::int64_t channels() const { return options_.truncation == ClapTruncation::fusion ? 4 : 1; }
  std::int64_t frames() const;  ///< of max_samples

  /// With fusion, the channels are the whole and a segment of the first, middle and last third.
  Input operator()(std::span<const float> samples) const;

  /// The frames of all samples, of any number: (frames, mels).
  at::Tensor mel_frames(std::span<const float> samples) const;

  /// The segment of a longer clip that begins at sample `start`. @throws ContractError
  at::Tensor crop(std::span<const float> samples, std::int64_t start) const;
  /// For a clip with more than frames() frames, the segments that begin at these frames.
  /// @throws ContractError
  at::Tensor fuse(std::span<const float> samples, const std::array<std::int64_t, 3>& starts) const;

 private:
  at::Tensor fused(const at::Tensor& mels, const std::array<std::int64_t, 3>& starts) const;

  ClapFrontEndOptions options_;
  LogMel log_mel_;
};

}  // namespace earshot::kit
