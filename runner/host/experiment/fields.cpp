#include "host/experiment/fields.hpp"

#include <algorithm>
#include <cmath>

#include "protocol/nearest.hpp"

namespace earshot::host {

void refuse_type(const Value& value, const std::string& name, const std::string& expected) {
  refuse(value.position, name + " is " + shown(value) + "; expected " + expected);
}

void check_plain_name(const Position& position, const std::string& what, const std::string& name) {
  constexpr std::size_t most = 100;
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '+';
  };
  auto shown = name.substr(0, most);
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c < ' ' || c == 0x7f; }, '?');
  if (name.size() > most)
    refuse(position, what + " '" + shown.substr(0, 20) + "...' has " + std::to_string(name.size()) +
                         " characters; at most " + std::to_string(most) + " are allowed");
  if (name.empty() || !std::all_of(name.begin(), name.end(), plain))
    refuse(position, what + " '" + shown + "'; allowed: letters, digits, '_', '-', '.' and '+'");
  if (name.front() == '.' || name.front() == '-')
    refuse(position, what + " '" + shown + "' begins with '" + name.front() +
                         "'; allowed as the first character: letters, digits, '_' and '+'");
}

void refuse_unknown(const Position& position, const std::string& what, const std::string& name,
                    const std::vector<std::string>& known) {
  refuse(position, "unknown " + what + " '" + name + "'; " +
                       (known.empty() ? "none is defined" : "known: " + protocol::join(known)) +
                       protocol::did_you_mean(name, known));
}

std::vector<std::string> texts_of(const Value& value, const std::string& name) {
  if (value.scalar.is_string()) return {value.scalar.get<std::string>()};
  if (!value.is_list()) refuse_type(value, name, "a list of strings");
  std::vector<std::string> texts;
  for (const auto& child : value.children) {
    if (!child.scalar.is_string()) refuse_type(child, "an element of " + name, "a string");
    texts.push_back(child.scalar.get<std::string>());
  }
  return texts;
}

Fields::Fields(const Value& table, std::string title, std::vector<std::string> known)
    : table_(table), title_(std::move(title)) {
  if (!table.is_table()) refuse_type(table, title_, "a table");
  for (const auto& child : table.children)
    if (std::find(known.begin(), known.end(), child.key) == known.end())
      refuse_unknown(child.key_position, "key in " + title_ + ":", child.key, known);
}

const Value& Fields::require(const std::string& key) const {
  if (const auto* value = find(key)) return *value;
  refuse(position(), title_ + " has no '" + key + "'; it is required");
}

std::string Fields::text(const std::string& key, const std::string& fallback) const {
  const auto* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->scalar.is_string()) refuse_type(*value, key, "a string");
  return value->scalar.get<std::string>();
}

std::string Fields::required_text(const std::string& key) const {
  const auto& value = require(key);
  const auto result = text(key);
  if (result.find_first_not_of(" \t\n") == std::string::npos)
    refuse(value.position, key + " of " + title_ + " is empty; expected a string");
  return result;
}

std::string Fields::choice(const std::string& key, const std::vector<std::string>& choices) const {
  const auto* value = find(key);
  if (value == nullptr) return choices.front();
  const auto given = text(key);
  if (std::find(choices.begin(), choices.end(), given) == choices.end())
    refuse(value->position, key + " is '" + given + "'; allowed: " + protocol::join(choices, true) +
                                protocol::did_you_mean(given, choices));
  return given;
}

bool Fields::flag(const std::string& key, bool fallback) const {
  const auto* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->scalar.is_boolean()) refuse_type(*value, key, "true or false");
  return value->scalar.get<bool>();
}

std::int64_t Fields::integer(const std::string& key, std::int64_t fallback,
                             std::int64_t min) const {
  const auto* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->scalar.is_number_integer() || value->scalar.get<std::int64_t>() < min)
    refuse_type(*value, key, "an integer, " + std::to_string(min) + " or more");
  return value->scalar.get<std::int64_t>();
}

double Fields::number(const std::string& key, double fallback, double min, double max) const {
  const auto* value = find(key);
  if (value == nullptr) return fallback;
  const bool fits = value->scalar.is_number() && value->scalar.get<double>() >= min &&
                    value->scalar.get<double>() <= max;
  const auto lowest = std::isinf(min) ? std::string() : ", " + Json(min).dump();
  if (!fits)
    refuse_type(*value, key,
                "a number" + lowest +
                    (lowest.empty()    ? ""
                     : std::isinf(max) ? " or more"
                                       : " to " + Json(max).dump()));
  return value->scalar.get<double>();
}

std::vector<std::string> Fields::texts(const std::string& key) const {
  const auto* value = find(key);
  return value == nullptr ? std::vector<std::string>{} : texts_of(*value, key);
}

Json Fields::table(const std::string& key) const {
  const auto* value = find(key);
  if (value == nullptr) return Json::object();
  if (!value->is_table()) refuse_type(*value, key, "a table");
  return to_json(*value);
}

}  // namespace earshot::host
