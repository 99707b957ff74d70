#pragma once
#include "protocol/option_schema.hpp"

namespace earshot::protocol {

/// Values by name that were given as texts, on a command line: each as an option of its type is
/// meant, to be checked by complete(). Of a flag, a number or a list that is what the text says as
/// JSON ("true", "5", "[1, 2]"), or else the text itself; so are values whose names the schema
/// lacks. Values that are no texts stay as they are.
Json typed(const OptionSchema& schema, Json values);

}  // namespace earshot::protocol
