#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "worker/audio/decode.hpp"

namespace earshot::worker {

/// Audio that a dataset synthesized, kept for later encoders: <cache>/audio/<dataset key>/<identity
/// of the clip>.flac, bit for bit. FLAC has at most 24 bits and a float may need more: the first
/// channel is the sound, the second and third hold what is left of each sample. Thread-safe for
/// different clips.
class MadeAudio {
 public:
  MadeAudio() = default;  ///< is empty and keeps nothing
  /// `keeps`: whether keep() writes; find() reads existing files in any case.
  MadeAudio(const std::filesystem::path& cache, const std::string& dataset_key, bool keeps);

  /// The sound as given to keep(); nothing if it is missing or damaged.
  std::optional<Sound> find(const std::string& identity) const;

  /// Keeps a sound. A sound that FLAC cannot hold (a negative zero, a sample 2^69 times quieter
  /// than the loudest, more than 655,350 Hz) is not kept, nor is any sound once the disk has less
  /// than 2 GiB free.
  void keep(const std::string& identity, const Sound& sound) const;

  /// The files of `cache`, and those that find() would refuse.
  struct Checked {
    std::int64_t files = 0, bytes = 0;
    std::vector<std::filesystem::path> damaged{};
  };
  static Checked check(const std::filesystem::path& cache);

 private:
  std::filesystem::path file(const std::string& identity) const;

  std::filesystem::path folder_{};
  bool keeps_ = false;
};

}  // namespace earshot::worker
