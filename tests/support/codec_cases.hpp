#pragma once
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "files.hpp"

namespace earshot::testing {

inline std::filesystem::path codec_fixtures() {
  const auto* given = std::getenv("EARSHOT_FIXTURES");
  return std::filesystem::path(given != nullptr ? given
                                                : EARSHOT_SOURCE_DIR "/../shared/fixtures") /
         "codec_lm";
}

/// Folders of the project's own goldens and of the fixtures whose config.json, in `folder` there,
/// has this model_type.
inline std::vector<std::string> codec_cases(const std::string& model_type,
                                            const std::string& folder = "") {
  std::vector<std::string> found;
  for (const auto& root :
       {std::filesystem::path(EARSHOT_SOURCE_DIR "/tests/golden/codec_lm"), codec_fixtures()}) {
    std::error_code absent;
    for (const auto& entry : std::filesystem::directory_iterator(root, absent)) {
      const auto config = entry.path() / folder / "config.json";
      if (std::filesystem::exists(config) && std::filesystem::exists(entry.path() / "case.json") &&
          nlohmann::json::parse(text_of(config)).value("model_type", "") == model_type)
        found.push_back(entry.path().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace earshot::testing
