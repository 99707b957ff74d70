#pragma once
#include <string>
#include <string_view>

#include "protocol/json.hpp"

namespace earshot::protocol {

// The one place where numbers become text between runner and worker. JSON has no word for a number
// that is not finite, and nlohmann's writer says null in its place, which no reader of a number
// takes; so one such is written as {"$number": "nan"}, "+inf" or "-inf", and read back as the
// number.

/// A text that is no UTF-8 becomes such, so that names stay apart: see path_text.hpp.
std::string to_text(const Json& value);

/// Discarded (is_discarded()) where it is no JSON.
Json from_text(std::string_view text);

}  // namespace earshot::protocol
