#include "protocol/option_schema.hpp"

#include <algorithm>
#include <filesystem>

namespace earshot::shared {

void to_json(protocol::Json& json, OptionType type) {
  json = facts_of(type).name;
}

void from_json(const protocol::Json& json, OptionType& type) {
  const auto name = json.get<std::string>();
  const auto found = std::find_if(option_types.begin(), option_types.end(),
                                  [&](const auto& facts) { return facts.name == name; });
  if (found == option_types.end())
    throw std::invalid_argument("there is no type of options '" + name + "'");
  type = found->type;
}

}  // namespace earshot::shared

namespace earshot::protocol {

EARSHOT_JSON_DEFINITIONS(OptionSpec)

namespace {

bool is(shared::ElementType type, const Json& value) {
  switch (type) {
    case shared::ElementType::flag:
      return value.is_boolean();
    case shared::ElementType::integer:
      return value.is_number_integer();
    case shared::ElementType::number:
      return value.is_number();
    case shared::ElementType::text:
      return value.is_string();
  }
  return false;
}

bool has_type(OptionType type, const Json& value) {
  const auto& facts = shared::facts_of(type);
  if (!facts.list) return is(facts.element, value);
  return value.is_array() && std::all_of(value.begin(), value.end(), [&](const Json& element) {
           return is(facts.element, element);
         });
}

/// As Options of the SDK shows it: JSON lacks numbers that are not finite.
std::string shown(const Json& value) {
  return value.is_number_float() ? shared::json_text(value.get<double>()) : json_text(value);
}

Json to_value(const OptionSpec& spec, const Json& given, const std::string& base) {
  switch (spec.type) {
    case OptionType::number:
      return given.get<double>();
    case OptionType::numbers:
      return given.get<std::vector<double>>();
    case OptionType::path: {
      const std::filesystem::path path(given.get<std::string>());
      if (path.empty() || path.is_absolute()) return path.string();
      return (std::filesystem::path(base) / path).lexically_normal().string();
    }
    case OptionType::weights:
      return {{"source", given}, {"path", ""}};
    default:
      return given;
  }
}

}  // namespace

std::string allowed(const OptionSpec& spec) {
  return shared::allowed(spec);
}

shared::GivenValue view(const OptionSpec& spec, const Json& value) {
  shared::GivenValue given{.has_type = has_type(spec.type, value), .shown = shown(value)};
  const auto add = [&](const Json& element) {
    if (element.is_number()) given.numbers.push_back(element.get<double>());
    if (element.is_string()) given.texts.push_back(element.get<std::string>());
  };
  if (value.is_array())
    std::for_each(value.begin(), value.end(), add);
  else
    add(value);
  return given;
}

Json complete(const OptionSchema& schema, const Json& given, const std::string& component,
              const std::string& base) {
  const auto type_of = [](const OptionSpec& spec) { return spec.type; };
  if (const auto problem =
          shared::find_problem(schema, given.items(), " of " + component, type_of, view))
    throw OptionError(problem->option, problem->message);
  Json result = Json::object();
  for (const auto& spec : schema)
    result[spec.name] =
        given.contains(spec.name) ? to_value(spec, given.at(spec.name), base) : spec.value;
  return result;
}

}  // namespace earshot::protocol
