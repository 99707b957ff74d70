#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "protocol/json.hpp"

namespace earshot::protocol {

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256(std::string_view bytes);
/// SHA-256 of canonical(value).
std::string sha256(const Json& value);
/// SHA-256 of a regular file's content, read in pieces. @throws std::system_error if it cannot be
/// read, is a folder, pipe, socket or device, or grows meanwhile.
std::string sha256_file(const std::filesystem::path& file);
/// The hash that git gives a file's content: SHA-1 of "blob <bytes>", a zero byte and the content,
/// as 40 digits. @throws std::system_error as sha256_file() does.
std::string git_hash_file(const std::filesystem::path& file);

/// The first 8 bytes of the SHA-256 of `text`, for seeds and peer identifiers.
std::uint64_t hash64(std::string_view text);

}  // namespace earshot::protocol
