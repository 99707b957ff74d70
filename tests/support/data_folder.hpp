#pragma once
#include <cstdlib>
#include <filesystem>

namespace earshot::testing {

/// The user's folder of data, which tests skip without: EARSHOT_DATA, by default ../shared/data
/// beside the source.
inline std::filesystem::path data_folder() {
  const auto* given = std::getenv("EARSHOT_DATA");
  if (given != nullptr) return given;
  return std::filesystem::path(EARSHOT_SOURCE_DIR).parent_path() / "shared/data";
}

}  // namespace earshot::testing
