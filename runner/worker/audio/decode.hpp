#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

// Free of LibTorch, which keeps the fuzzers of the readers small.

namespace earshot::worker {

/// Mono audio.
struct Sound {
  std::vector<float> samples{};  ///< nominal range [-1, 1], not clipped
  std::int64_t sample_rate = 0;  ///< Hz
};

/// Sample rates outside this range are taken for damage, in Hz.
constexpr std::int64_t lowest_rate = 1000, highest_rate = 1'000'000;

/// Maximum number of samples per channel of a clip, 1 GiB in memory (1.7 h at 44.1 kHz): otherwise
/// a few bytes of compressed silence could fill all memory.
constexpr std::int64_t longest_clip = std::int64_t{1} << 28;

/// Reads `duration` seconds from `start` on (0: to the end) from any format that libsndfile opens,
/// as the mean over the channels. If a file's header does not state its length, the file is read to
/// its end. A segment has exactly the samples that reading from the beginning would give. Start and
/// duration are rounded to samples.
/// @throws DataError "<file>: <reason>" if the file is missing, unreadable, not audio, empty,
/// truncated (it holds less than its header declares), holds more than its header declares, is
/// longer than longest_clip, has a sample that is not finite or an absurd sample rate, or if the
/// segment begins or ends outside the file (by more than half a sample).
Sound decode(const std::filesystem::path& file, double start = 0, double duration = 0);

/// Seconds that the file's header declares; 0 if the file cannot be opened. For estimates.
double declared_seconds(const std::filesystem::path& file);

}  // namespace earshot::worker
