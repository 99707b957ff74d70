#pragma once
#include <cstdint>
#include <filesystem>
#include <span>

namespace earshot::worker {

/// Writes interleaved samples as WAV of float32, unchanged, even outside [-1, 1].
/// @throws DataError "<file>: <reason>"
void write_wav(const std::filesystem::path& file, std::span<const float> interleaved,
               std::int64_t sample_rate, std::int64_t channels = 1);

/// Writes the samples of one channel as FLAC of 16 bits, which browsers play; samples outside
/// [-1, 1] are clipped. @throws DataError "<file>: <reason>", also for a rate that FLAC cannot have
void write_flac(const std::filesystem::path& file, std::span<const float> samples,
                std::int64_t sample_rate);

}  // namespace earshot::worker
