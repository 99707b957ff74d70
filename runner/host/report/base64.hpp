#pragma once
#include <string>
#include <string_view>

namespace earshot::host {

/// Bytes as base64 (RFC 4648), padded.
std::string base64(std::string_view bytes);

}  // namespace earshot::host
