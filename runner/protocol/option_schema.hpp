#pragma once
#include <stdexcept>
#include <string>
#include <vector>

#include "protocol/json.hpp"

namespace earshot::protocol {

/// Types of options by their wire names; `runner describe` shows those of TOML. Values in JSON:
/// flag: boolean; integer, number: number; text: string; numbers, texts: array;
/// path: string (absolute, "" for none); weights: {"source": as written, "path": resolved, "" when
/// random}.
enum class OptionType { flag, integer, number, text, path, weights, numbers, texts };

NLOHMANN_JSON_SERIALIZE_ENUM(OptionType, {{OptionType::flag, "flag"},
                                          {OptionType::integer, "integer"},
                                          {OptionType::number, "number"},
                                          {OptionType::text, "text"},
                                          {OptionType::path, "path"},
                                          {OptionType::weights, "weights"},
                                          {OptionType::numbers, "numbers"},
                                          {OptionType::texts, "texts"}})

/// An option of a component as data; the fields are those of the SDK's OptionSpec.
struct OptionSpec {
  std::string name{};
  OptionType type = OptionType::text;
  Json value{};  ///< default, in the form above
  std::string help{};
  std::string unit{};
  Json min{}, max{};  ///< number or null
  std::vector<std::string> choices{};
  bool required = false;
  bool affects_results = true;
  std::string role{};  ///< of the SDK's roles, "target_label" for instance; "" for none
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(OptionSpec, name, type, value, help, unit, min, max,
                                                choices, required, affects_results, role)

using OptionSchema = std::vector<OptionSpec>;

/// An option that is unknown, of the wrong type or out of bounds. `key` names it, so that the host
/// can point at its place in the file.
struct OptionError : std::runtime_error {
  OptionError(std::string k, const std::string& message)
      : std::runtime_error(message), key(std::move(k)) {}
  std::string key;
};

/// "1 to 512", "'hann', 'hamming'", "0 or more": what a value of this option may be; "" when free.
std::string allowed(const OptionSpec& spec);

/// Checks `given` (TOML or command line values by name; paths and weights as plain strings)
/// against the schema and returns a value for every option. A path is made absolute against
/// `base`, weights become {"source", "path": ""}, to be resolved by the host.
/// @throws OptionError naming the option, the value, what is allowed and the nearest known key.
Json complete(const OptionSchema& schema, const Json& given, const std::string& component,
              const std::string& base);

}  // namespace earshot::protocol
