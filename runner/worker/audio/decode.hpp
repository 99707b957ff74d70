#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

// Free of LibTorch, so that a fuzzer of the readers stays small.

namespace earshot::worker {

/// One channel of sound.
struct Sound {
  std::vector<float> samples{};  ///< nominal range [-1, 1], not clipped
  std::int64_t sample_rate = 0;  ///< Hz
};

/// Sample rates outside of these are taken for damage, in Hz.
constexpr std::int64_t lowest_rate = 1000, highest_rate = 1'000'000;

/// Samples of one channel that a clip may have, 1 GiB of them (1.7 h at 44.1 kHz): a few bytes of
/// compressed silence would fill all memory otherwise.
constexpr std::int64_t longest_clip = std::int64_t{1} << 28;

/// Reads `duration` seconds from `start` on (0: to the end) of anything that libsndfile opens, as
/// the mean over the channels, all of it: where the header of a file does not tell how long it is,
/// it is read to its end. A stretch has the samples that reading from the beginning gives. Start
/// and duration are rounded to samples.
/// @throws DataError "<file>: <reason>" if the file is missing, unreadable, no audio, empty,
/// truncated (it holds less than its header declares), holds more than its header declares, is
/// longer than longest_clip, has a sample that is not finite or an absurd sample rate, or if the
/// stretch begins or ends (by more than half a sample) outside of it.
Sound decode(const std::filesystem::path& file, double start = 0, double duration = 0);

/// Seconds that the file's header declares; 0 when it cannot be opened. For estimates.
double declared_seconds(const std::filesystem::path& file);

}  // namespace earshot::worker
