#pragma once
#include <string>
#include <string_view>

namespace earshot::base {

/// Without spaces, tabs and line ends at both ends.
std::string trimmed(std::string_view text);

/// A field of a CSV table, in quotes where it needs them (RFC 4180).
std::string csv_field(const std::string& text);

}  // namespace earshot::base
