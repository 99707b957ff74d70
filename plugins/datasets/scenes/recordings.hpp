#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include <earshot/dataset.hpp>

#include "signal.hpp"

namespace earshot::scenes {

/// A folder of the user's recordings: one class per subfolder, or files without classes.
struct Recordings {
  /// Files of a class by split; the class is "" if there are no subfolders. No file is in two
  /// splits.
  struct Class {
    std::string name{};
    std::array<std::vector<std::filesystem::path>, 3> files{};
  };
  std::vector<Class> classes{};  ///< by name

  bool empty() const { return classes.empty(); }
  /// Names of the classes; empty if there are no subfolders.
  std::vector<std::string> names() const;
  /// All files, by class and name.
  std::vector<std::filesystem::path> files() const;
};

/// Files that libsndfile may open (by extension), assigned to the splits at random from `seed`:
/// half, a sixth and the rest of each class.
/// @throws DataError if there is no such folder, or a class has fewer than three files.
Recordings find_recordings(const std::filesystem::path& folder, std::uint64_t seed);

/// Mean over channels, at `rate`. @throws DataError naming the file.
Signal read_recording(const std::filesystem::path& file);

}  // namespace earshot::scenes
