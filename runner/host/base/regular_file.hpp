#pragma once
#include <cstddef>
#include <filesystem>
#include <string>

namespace earshot::host {

/// Content of a regular file, or of a link to one. Pipes, devices and other files that may never
/// end are refused before anything is read from them.
/// @param most maximum size in bytes
/// @throws std::runtime_error with the reason, to follow a colon: "it is a folder", "No such file
/// or directory", "it has more than 16 MiB"
std::string read_regular_file(const std::filesystem::path& file, std::size_t most);

}  // namespace earshot::host
