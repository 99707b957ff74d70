#pragma once
#include <filesystem>
#include <string>

/// A plugin of tests/fixtures/plugins, by its defect.
inline std::filesystem::path fixture_plugin(const std::string& defect) {
  return std::filesystem::path(EARSHOT_BUILD_DIR) / "tests/fixtures/plugins" / (defect + ".so");
}
