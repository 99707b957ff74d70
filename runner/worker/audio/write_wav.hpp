#pragma once
#include <cstdint>
#include <filesystem>
#include <span>

namespace earshot::worker {

/// Writes interleaved samples as WAV with 24 bits, more than any loudspeaker shows; what lies
/// outside of [-1, 1] is clipped. @throws DataError "<file>: <reason>"
void write_wav(const std::filesystem::path& file, std::span<const float> interleaved,
               std::int64_t sample_rate, std::int64_t channels = 1);

}  // namespace earshot::worker
