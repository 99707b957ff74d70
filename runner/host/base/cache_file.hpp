#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace earshot::host {

/// All of a regular file; nothing when it cannot be read.
std::optional<std::string> read_file(const std::filesystem::path& file);

/// Puts bytes into a file at once: whoever reads it, on this machine or another, sees all of the
/// old or all of the new. Creates its folder. @returns 0, or the errno of why it cannot be written
int replace_file(const std::filesystem::path& file, std::string_view bytes);

/// Puts bytes at the end of a file, in one piece where the file system can.
/// @returns as replace_file()
int append_to_file(const std::filesystem::path& file, std::string_view bytes);

}  // namespace earshot::host
