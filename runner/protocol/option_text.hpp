#pragma once
#include "protocol/option_schema.hpp"

namespace earshot::protocol {

/// Values by name that were given as texts on a command line, each read by the type of its option
/// and yet to be checked by complete(). For a flag, a number or a list, the text is read as JSON
/// ("true", "5", "[1, 2]"). It stays a text if it is not JSON, or if the schema has no such option.
Json typed(const OptionSchema& schema, Json values);

}  // namespace earshot::protocol
