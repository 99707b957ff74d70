#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

namespace folder {

/// How much audio a file has.
struct Length {
  std::int64_t frames = 0;  ///< samples per channel
  std::int64_t rate = 0;    ///< Hz
  double seconds() const { return static_cast<double>(frames) / static_cast<double>(rate); }
};

/// What the worker will find in the file: as libsndfile reads its header, or for MPEG audio, whose
/// header cannot be trusted, by libmpg123's count of its frames. A file whose header gives no
/// length (FLAC from a pipe) is decoded to its end. Nothing for a file that cannot be opened or has
/// no samples.
std::optional<Length> length_of(const std::filesystem::path& file);

}  // namespace folder
