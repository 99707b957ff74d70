#pragma once
#include <cstdint>

#include <ATen/core/Tensor.h>

#include <earshot/error.hpp>

namespace earshot {

/// B recordings at one sample rate, zero-padded at the end to the longest.
struct AudioBatch {
  at::Tensor samples{};          ///< float32 (B, C, N), contiguous, nominal range [-1, 1]
  at::Tensor lengths{};          ///< int64 (B), on the CPU: valid samples, 1 <= lengths[b] <= N
  std::int64_t sample_rate = 0;  ///< Hz

  /// @throws ContractError naming the field, its value and the expected one.
  EARSHOT_API void check() const;
};

/// Which stretch of audio longer than `max_seconds` is taken.
enum class Crop { first, centre, seeded };

/// What fills audio that is shorter than `min_seconds`: nothing, zeros at the end, or the audio
/// again and again.
enum class Pad { none, zero, repeat };

/// The audio an encoder takes, and how to treat audio that is too long or too short. The host mixes
/// down (mean over channels), resamples, crops and pads in the same way for all encoders; an
/// experiment may override crop and pad. An encoder that wants two channels gets mono on both.
struct AudioNeeds {
  std::int64_t sample_rate = 16000;  ///< Hz
  std::int64_t channels = 1;
  double max_seconds = 0;  ///< longer audio is cropped; 0: no limit
  double min_seconds = 0;  ///< shorter audio is padded, unless pad is Pad::none
  Crop crop = Crop::first;
  Pad pad = Pad::none;
  bool operator==(const AudioNeeds&) const = default;
};

}  // namespace earshot
