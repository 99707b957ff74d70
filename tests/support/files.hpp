#pragma once
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace earshot::testing {

/// All bytes of a file; "" if it does not exist.
inline std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

/// Writes a file, and creates its folders.
inline void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

/// Waits until what was just written counts as unchanged: a stamp (protocol/stamp.hpp) is trusted
/// only if it shows the next change.
inline void wait_until_settled() {
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
}

}  // namespace earshot::testing
