#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include <earshot/kit/checkpoint.hpp>

namespace precomputed {

/// The arrays in a folder, or in one .safetensors file, by name:
///  - a .npy file has the name of the file, with its subfolder: "session1/a" is session1/a.npy;
///  - the tensors of a .safetensors file with several tensors, or of the only file, have their own
///    names, prefixed with the file's subfolder: "session1/a";
///  - the tensors of several .safetensors files with one tensor each have the names of the files,
///    as for .npy.
class Store {
 public:
  /// Reads names only. @throws DataError naming the files: no arrays, a damaged file, a duplicate
  /// name.
  explicit Store(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::size_t size() const { return entries_.size(); }  ///< at least one
  const std::string& first() const { return entries_.begin()->first; }
  const std::string& last() const { return entries_.rbegin()->first; }
  bool contains(const std::string& name) const { return entries_.contains(name); }
  /// All arrays with this name, in any subfolder: "1" is "1", "digits/1" and "esc10/1".
  std::vector<std::string> called(const std::string& name) const;
  /// Whether one of its subfolders has the name of a folder on the file's path.
  bool has_folder_of(const std::filesystem::path& file) const;
  /// @throws DataError `<file>: <reason>`
  at::Tensor get(const std::string& name) const;
  std::string place(const std::string& name) const;  ///< for messages: its file, and tensor

 private:
  struct Entry {
    std::filesystem::path file{};
    std::string tensor{};  ///< in safetensors; "" for .npy
    /// Kept open if it holds many tensors, since its header is then long; otherwise opened for each
    /// read.
    std::shared_ptr<const earshot::kit::Checkpoint> checkpoint{};
  };
  void add(std::string name, Entry entry);
  void add_safetensors(const std::filesystem::path& file, bool alone);

  std::filesystem::path path_;
  std::map<std::string, Entry> entries_{};
  std::set<std::string> folders_{};                   ///< the first parts of names in subfolders
  std::multimap<std::string, std::string> by_end_{};  ///< names by their part after the last '/'
};

}  // namespace precomputed
