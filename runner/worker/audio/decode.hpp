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

/// Reads `duration` seconds from `start` on (0: to the end) of anything that libsndfile opens, as
/// the mean over the channels. Start and duration are rounded to samples.
/// @throws DataError "<file>: <reason>" if the file is missing, unreadable, no audio, empty,
/// truncated (it holds less than its header declares), has a sample that is not finite or an absurd
/// sample rate, or if the stretch begins or ends (by more than half a sample) outside of it.
Sound decode(const std::filesystem::path& file, double start = 0, double duration = 0);

/// Seconds that the file's header declares; 0 when it cannot be opened. For estimates.
double declared_seconds(const std::filesystem::path& file);

/// What is cut off in a RIFF, RIFX, RF64, AIFF or AU file: "its 'data' chunk declares 2000 bytes,
/// 1200 are there"; "" when nothing is, or for other formats. libsndfile passes over it in silence.
std::string missing_tail(const std::filesystem::path& file);

}  // namespace earshot::worker
