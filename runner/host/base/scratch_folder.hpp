#pragma once
#include <filesystem>
#include <string>

namespace earshot::host {

/// A new folder for this process alone, which is removed with its content at the end.
class ScratchFolder {
 public:
  /// @param prefix  of its name, which ends in six random letters
  /// @throws std::filesystem::filesystem_error if it cannot be created
  ScratchFolder(const std::filesystem::path& parent, const std::string& prefix);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace earshot::host
