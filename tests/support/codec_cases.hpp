#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "files.hpp"
#include "fixture_folder.hpp"

namespace earshot::testing {

/// Folders from the project's goldens and the fixtures whose config.json, in `folder` there, has
/// this model_type.
inline std::vector<std::string> codec_cases(const std::string& model_type,
                                            const std::string& folder = "") {
  return case_folders("codec_lm", [&](const std::filesystem::path& path) {
    const auto config = path / folder / "config.json";
    return std::filesystem::exists(config) && std::filesystem::exists(path / "case.json") &&
           nlohmann::json::parse(text_of(config)).value("model_type", "") == model_type;
  });
}

}  // namespace earshot::testing
