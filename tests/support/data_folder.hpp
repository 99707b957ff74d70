#pragma once
#include <cstdlib>
#include <filesystem>

namespace earshot::testing {

/// The user's data folder, without which some tests are skipped: EARSHOT_DATA, by default
/// ../shared/data next to the source tree.
inline std::filesystem::path data_folder() {
  const auto* given = std::getenv("EARSHOT_DATA");
  if (given != nullptr) return given;
  return std::filesystem::path(EARSHOT_SOURCE_DIR).parent_path() / "shared/data";
}

}  // namespace earshot::testing
