#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>

namespace earshot::worker {

/// An audio file that is decoded sequentially.
class Recording {
 public:
  virtual ~Recording() = default;

  /// The next frames, interleaved; fewer than requested at the end.
  /// @throws DataError `<file>: <reason>`
  virtual std::int64_t read(float* interleaved, std::int64_t frames) = 0;
  /// Moves towards a frame such that the samples from there on are bit for bit those of reading
  /// from the beginning. Returns how many frames must still be read and dropped to reach it.
  virtual std::int64_t skip_to(std::int64_t frame) = 0;

  static constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::max();
  std::int64_t rate = 0, channels = 0;
  std::int64_t frames = unknown;  ///< samples per channel
  bool goes_on = false;           ///< there may be more than `frames`: read to the end
};

/// @throws DataError `<file>: <reason>`
[[noreturn]] void refuse_recording(const std::filesystem::path& file, const std::string& reason);

/// Opens any format that libsndfile opens, and MPEG audio with mpg123. For a whole file (`whole`),
/// the number of samples in a FLAC header is not trusted: the file is read to its end, and the
/// caller compares the result with the declared number.
/// @throws DataError `<file>: <reason>`: not audio, or its container shows that samples are, or may
/// be, missing.
std::unique_ptr<Recording> open_recording(const std::filesystem::path& file, bool whole);

/// The implementation for MPEG audio (MP3).
std::unique_ptr<Recording> open_mpeg(const std::filesystem::path& file);

}  // namespace earshot::worker
