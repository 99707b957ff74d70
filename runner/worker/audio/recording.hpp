#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>

namespace earshot::worker {

/// An audio file being decoded, from its beginning on.
class Recording {
 public:
  virtual ~Recording() = default;

  /// The next frames, interleaved; fewer than asked for at the end.
  /// @throws DataError `<file>: <reason>`
  virtual std::int64_t read(float* interleaved, std::int64_t frames) = 0;
  /// Goes to a frame, so that the samples from there on are those of a reading from the beginning,
  /// bit for bit. Returns how many of them are left to be read and dropped until then.
  virtual std::int64_t skip_to(std::int64_t frame) = 0;

  static constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::max();
  std::int64_t rate = 0, channels = 0;
  std::int64_t frames = unknown;  ///< samples of a channel
  bool goes_on = false;           ///< there may be more than `frames`: to be read to its end
};

/// Opens anything that libsndfile opens, MPEG audio with mpg123. For all of it (`whole`) the number
/// of samples in a FLAC file's header is not believed: the file is read to its end, and what is
/// declared is compared by who reads.
/// @throws DataError `<file>: <reason>`: no audio, or its container says that samples are missing,
/// or may be.
std::unique_ptr<Recording> open_recording(const std::filesystem::path& file, bool whole);

/// The part of it for MPEG audio (MP3).
std::unique_ptr<Recording> open_mpeg(const std::filesystem::path& file);

}  // namespace earshot::worker
