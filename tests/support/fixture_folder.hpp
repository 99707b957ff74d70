#pragma once
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace earshot::testing {

/// The user's folder of fixtures: EARSHOT_FIXTURES, by default ../shared/fixtures next to the
/// source tree.
inline std::filesystem::path fixture_folder() {
  const auto* given = std::getenv("EARSHOT_FIXTURES");
  if (given != nullptr) return given;
  return std::filesystem::path(EARSHOT_SOURCE_DIR) / "../shared/fixtures";
}

/// The folders of one kind ("audio", "codec_lm") accepted by `fits`, from the project's goldens and
/// the fixtures; sorted.
template <class Fits>
std::vector<std::string> case_folders(const std::string& kind, const Fits& fits) {
  std::vector<std::string> found;
  const std::filesystem::path goldens(EARSHOT_SOURCE_DIR "/tests/golden");
  for (const auto& root : {goldens / kind, fixture_folder() / kind}) {
    std::error_code absent;
    for (const auto& entry : std::filesystem::directory_iterator(root, absent))
      if (fits(entry.path())) found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace earshot::testing
