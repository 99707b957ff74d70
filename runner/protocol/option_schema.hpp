#pragma once
#include <stdexcept>
#include <string>
#include <vector>

#include "protocol/fields.hpp"
#include "protocol/json.hpp"
#include "shared/option_rules.hpp"

namespace earshot::shared {

void to_json(protocol::Json& json, OptionType type);           ///< its name
void from_json(const protocol::Json& json, OptionType& type);  ///< @throws std::invalid_argument

}  // namespace earshot::shared

namespace earshot::protocol {

/// Values in JSON: flag: boolean; integer, number: number; text: string; numbers, texts: array;
/// path: string (absolute, "" for none); weights: {"source": as written, "path": resolved, "" if
/// random}.
using shared::OptionType;

/// An option of a component as data; the fields are those of the SDK's OptionSpec.
struct OptionSpec {
  std::string name{};
  OptionType type = OptionType::text;
  Json value{};  ///< default, in the form above
  std::string help{};
  std::string unit{};
  OrNull<double> min{}, max{};
  std::vector<std::string> choices{};
  bool required = false;
  bool affects_results = true;
  std::string role{};  ///< one of the SDK's roles, such as "target_label"; "" for none
};
EARSHOT_FIELDS_OR_DEFAULTS(OptionSpec, name, type, value, help, unit, min, max, choices, required,
                           affects_results, role)

using OptionSchema = std::vector<OptionSpec>;

/// An option that is unknown, of the wrong type or out of bounds. `key` names it, so that the host
/// can give its position in the file.
struct OptionError : std::runtime_error {
  OptionError(std::string k, const std::string& message)
      : std::runtime_error(message), key(std::move(k)) {}
  std::string key;
};

/// The allowed values of an option: "1 to 512", "'hann', 'hamming'", "0 or more"; "" if all are.
std::string allowed(const OptionSpec& spec);

/// A value as users write it, in the form that the rules of shared/option_rules.hpp need.
shared::GivenValue view(const OptionSpec& spec, const Json& value);

/// Checks `given` (TOML or command line values by name; paths and weights as plain strings)
/// against the schema and returns a value for every option. A path is made absolute against
/// `base`, weights become {"source", "path": ""}, to be resolved by the host.
/// @throws OptionError naming the option, the value, what is allowed and the nearest known key.
Json complete(const OptionSchema& schema, const Json& given, const std::string& component,
              const std::string& base);

}  // namespace earshot::protocol
