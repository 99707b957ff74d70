#include "host/experiment/match.hpp"

#include <algorithm>

namespace earshot::host {

std::string written(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

namespace {

bool among(const Json& values, const Json& value) {
  if (!values.is_array()) return values == value;
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool meets(const Json& condition, const Json& value) {
  if (!condition.is_object()) return among(condition, value);
  if (condition.contains("in") && !among(condition.at("in"), value)) return false;
  if (condition.contains("not") && among(condition.at("not"), value)) return false;
  for (const auto* bound : {"ge", "le"}) {
    if (!condition.contains(bound)) continue;
    if (!value.is_number()) return false;
    const auto difference = value.get<double>() - condition.at(bound).get<double>();
    if (bound[0] == 'g' ? difference < 0 : difference > 0) return false;
  }
  return true;
}

}  // namespace

bool holds(const Match& match, const Cell& cell) {
  for (const auto& [name, condition] : match.conditions.items()) {
    const auto* value = cell.axis(name);
    if (value == nullptr || !meets(condition, *value)) return false;
  }
  return true;
}

}  // namespace earshot::host
