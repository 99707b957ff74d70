#include "protocol/option_schema.hpp"

#include <algorithm>
#include <filesystem>

#include "protocol/nearest.hpp"

namespace earshot::protocol {

namespace {

std::string type_phrase(OptionType type) {
  switch (type) {
    case OptionType::flag:
      return "true or false";
    case OptionType::integer:
      return "an integer";
    case OptionType::number:
      return "a number";
    case OptionType::text:
      return "a string";
    case OptionType::path:
      return "a path (a string)";
    case OptionType::weights:
      return "weights (a path, hf://owner/repo or random)";
    case OptionType::numbers:
      return "a list of numbers";
    case OptionType::texts:
      return "a list of strings";
  }
  return "";
}

bool every(const Json& list, bool (Json::*is)() const noexcept) {
  return list.is_array() &&
         std::all_of(list.begin(), list.end(), [&](const Json& v) { return (v.*is)(); });
}

bool has_type(OptionType type, const Json& value) {
  switch (type) {
    case OptionType::flag:
      return value.is_boolean();
    case OptionType::integer:
      return value.is_number_integer();
    case OptionType::number:
      return value.is_number();
    case OptionType::text:
    case OptionType::path:
    case OptionType::weights:
      return value.is_string();
    case OptionType::numbers:
      return every(value, &Json::is_number);
    case OptionType::texts:
      return every(value, &Json::is_string);
  }
  return false;
}

bool in_bounds(const OptionSpec& spec, const Json& value) {
  if (value.is_array())
    return std::all_of(value.begin(), value.end(),
                       [&](const Json& v) { return in_bounds(spec, v); });
  if (value.is_number()) {
    const auto number = value.get<double>();
    return (spec.min.is_null() || number >= spec.min.get<double>()) &&
           (spec.max.is_null() || number <= spec.max.get<double>());
  }
  return !value.is_string() || spec.choices.empty() ||
         std::find(spec.choices.begin(), spec.choices.end(), value.get<std::string>()) !=
             spec.choices.end();
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

/// 1000 instead of 1000.0, whatever the option's type.
std::string show(const Json& bound) {
  const auto number = bound.get<double>();
  const auto whole = static_cast<std::int64_t>(number);
  return static_cast<double>(whole) == number ? std::to_string(whole) : bound.dump();
}

}  // namespace

std::string allowed(const OptionSpec& spec) {
  if (!spec.choices.empty()) return join(spec.choices, true);
  if (spec.min.is_null() && spec.max.is_null()) return "";
  const auto unit = spec.unit.empty() ? "" : " " + spec.unit;
  if (spec.max.is_null()) return show(spec.min) + unit + " or more";
  if (spec.min.is_null()) return show(spec.max) + unit + " or less";
  return show(spec.min) + " to " + show(spec.max) + unit;
}

Json complete(const OptionSchema& schema, const Json& given, const std::string& component,
              const std::string& base) {
  std::vector<std::string> names;
  for (const auto& spec : schema)
    names.push_back(spec.name);
  for (const auto& [key, value] : given.items()) {
    const auto spec =
        std::find_if(schema.begin(), schema.end(),
                     [&, &name = key](const OptionSpec& s) { return s.name == name; });
    if (spec == schema.end()) {
      const auto near = did_you_mean(key, names);
      throw OptionError(
          key, "unknown option '" + key + "' of " + component + (near.empty() ? "." : near) +
                   (names.empty() ? " It has no options." : " Options: " + join(names) + "."));
    }
    if (!has_type(spec->type, value))
      throw OptionError(key, "option '" + key + "' of " + component + " is " + value.dump() +
                                 "; expected " + type_phrase(spec->type) + ".");
    if (!in_bounds(*spec, value))
      throw OptionError(key, "option '" + key + "' of " + component + " is " + value.dump() +
                                 "; allowed: " + allowed(*spec) + ".");
  }
  Json result = Json::object();
  for (const auto& spec : schema) {
    if (given.contains(spec.name)) {
      result[spec.name] = to_value(spec, given.at(spec.name), base);
    } else if (spec.required) {
      throw OptionError(spec.name, "option '" + spec.name + "' of " + component +
                                       " is required: " + spec.help + ".");
    } else {
      result[spec.name] = spec.value;
    }
  }
  return result;
}

}  // namespace earshot::protocol
