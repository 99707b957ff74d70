#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/scratch_folder.hpp"

namespace earshot::host {

/// The files of an export, which appear under their names when all are complete. Until then they
/// are in a hidden folder next to them, which the destructor removes, like a new folder that is
/// still empty.
class ExportFolder {
 public:
  /// Creates the folder.
  /// @param replace  whether files of the same names may be replaced
  /// @throws Failure (usage) if it cannot be created; likewise below
  ExportFolder(std::filesystem::path folder, bool replace);
  ~ExportFolder();
  ExportFolder(const ExportFolder&) = delete;
  ExportFolder& operator=(const ExportFolder&) = delete;

  /// Announces a file. All names should be announced before the first file is written, so that an
  /// export that is refused has taken no time.
  /// @param name  relative to the folder
  /// @returns where to write it
  /// @throws Failure (usage) if something of this name exists that must not be replaced
  std::filesystem::path add(const std::filesystem::path& name);

  /// Announces a file with this content, and writes it. @throws Failure (usage) if that fails
  void write(const std::filesystem::path& name, const std::string& content);

  /// A place for files that are no part of the export.
  std::filesystem::path scratch(const std::string& name) const { return *hidden_ / name; }

  /// Gives all files their names. @throws Failure (usage) if that fails
  void finish();

  std::size_t files() const { return files_.size(); }
  const std::filesystem::path& path() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::optional<ScratchFolder> hidden_{};
  bool replace_, created_ = false;
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> files_{};  ///< from, to
};

/// A file name that every system accepts and that shows a text as far as possible: other characters
/// than letters and digits of ASCII and "._-+=,@" become %2F, and of a long text the end becomes a
/// hash. Different texts give different names.
std::string file_name_of(const std::string& text);

}  // namespace earshot::host
