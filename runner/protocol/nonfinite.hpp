#pragma once
#include <string>
#include <string_view>

#include "protocol/json.hpp"

namespace earshot::protocol {

// Conversion of messages between runner and worker to text and back. JSON cannot express numbers
// that are not finite, and nlohmann's writer replaces them by null, which cannot be read as a
// number. Therefore they are written as {"$number": "nan"}, "+inf" or "-inf", and read back as
// numbers.

/// Texts that are not UTF-8 are made readable(), so that different names stay different.
std::string to_text(const Json& value);

/// Discarded (is_discarded()) if it is not JSON.
Json from_text(std::string_view text);

}  // namespace earshot::protocol
