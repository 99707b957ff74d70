#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/store/sqlite.hpp"

namespace earshot::host {

/// A run as trackio shows it.
struct TrackioRun {
  std::string id{}, name{};  ///< the id must be unique in a project
  std::string time{};        ///< ISO 8601, with its offset from UTC
  Json config = Json::object();
  /// Numbers by name at each step. Without any, trackio does not show the run.
  std::vector<std::pair<std::int64_t, Json>> points{};
  struct Alert {
    std::string title{}, text{};
  };
  std::optional<Alert> alert{};
};

/// A new file for a project of trackio: SQLite with its schema version 2, that of trackio 0.43
/// (trackio/sqlite_storage.py). Tables that Earshot has no data for are created by trackio when it
/// opens the project.
class TrackioFile {
 public:
  /// @param file  does not exist
  /// @throws Failure (store_unusable) if it cannot be written; likewise below
  explicit TrackioFile(const std::filesystem::path& file);

  void add(const TrackioRun& run);

  /// Ends the file; without this, it contains no runs.
  void finish() { transaction_.commit(); }

 private:
  Connection connection_;
  Transaction transaction_;
};

}  // namespace earshot::host
