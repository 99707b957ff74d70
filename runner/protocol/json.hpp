#pragma once
#include <string>

#include <nlohmann/json.hpp>

namespace earshot::protocol {

using Json = nlohmann::json;

/// One text for equal values: keys sorted, no spaces, numbers as the shortest text that reads back
/// to the same bits. What cell keys are hashes of.
/// @throws std::invalid_argument if a number is not finite: JSON has no word for it.
std::string canonical(const Json& value);

}  // namespace earshot::protocol
