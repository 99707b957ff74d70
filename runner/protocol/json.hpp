#pragma once
#include <string>

#include <nlohmann/json.hpp>

namespace earshot::protocol {

using Json = nlohmann::json;

/// One text for equal values: keys sorted, no spaces, numbers as the shortest text that reads back
/// to the same bits. What cell keys are hashes of.
/// @throws std::invalid_argument if a number is not finite: JSON has no word for it.
std::string canonical(const Json& value);

/// A value for people, on one line or with each level indented by `indent` spaces. Texts may come
/// from anywhere: bytes that are not UTF-8 become U+FFFD, where dump() would throw.
std::string json_text(const Json& value, int indent = -1);

}  // namespace earshot::protocol
