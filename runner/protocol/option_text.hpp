#pragma once
#include "protocol/option_schema.hpp"

namespace earshot::protocol {

/// Converts values that were given as texts on a command line to the types of their options. They
/// must still be checked by complete(). For a flag, a number or a list, the text is read as JSON
/// ("true", "5", "[1, 2]"). It stays a text if it is not JSON, or if the schema has no such option.
Json typed(const OptionSchema& schema, Json values);

}  // namespace earshot::protocol
