#pragma once
#include <string>
#include <string_view>

namespace earshot::base {

/// Strips spaces, tabs and line ends from both ends.
std::string trimmed(std::string_view text);

/// A field of a CSV table, quoted where necessary (RFC 4180).
std::string csv_field(const std::string& text);

}  // namespace earshot::base
