#pragma once
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <earshot/dataset.hpp>

#include "protocol/datasets.hpp"

namespace earshot::worker {

/// Finds what is in no item of a dataset: the rows of its left_out(), and files in the folders
/// among its sources() that look like audio. These are files of a format that is not read, hidden
/// ones, links to folders that are not followed. Files that macOS adds (._name, __MACOSX) do not
/// count.
class LeftOutFinder {
 public:
  explicit LeftOutFinder(const Dataset& dataset);

  /// An item has this file.
  void use(const std::filesystem::path& file);
  protocol::LeftOuts find(std::size_t examples) const;

 private:
  void look_at(const std::filesystem::directory_entry& entry, std::size_t examples,
               protocol::LeftOut& found) const;

  const Dataset& dataset_;
  std::set<std::string> folders_{}, used_{};
};

}  // namespace earshot::worker
