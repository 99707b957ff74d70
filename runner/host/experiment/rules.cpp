#include <limits>

#include "host/experiment/read.hpp"

namespace earshot::host {

namespace {

AxisValue read_condition_value(const Experiment& experiment, const Value& value,
                               const std::string& axis) {
  if (value.is_list() || value.is_table())
    refuse_type(value, "the condition on '" + axis + "'", "a value");
  check_label(experiment, axis, value);
  const bool number = axis == "seed" || axis == "fold";
  if (number && !value.scalar.is_number_integer())
    refuse_type(value, "the condition on '" + axis + "'", "an integer");
  if (table_named(axis) && !value.scalar.is_string())
    refuse_type(value, "the condition on '" + axis + "'", "a label");
  return AxisValue::of(axis, value.scalar);
}

/// A list of values; a single value is a list of one.
std::vector<AxisValue> read_condition_values(const Experiment& experiment, const Value& value,
                                             const std::string& axis) {
  if (!value.is_list()) return {read_condition_value(experiment, value, axis)};
  if (value.children.empty())
    refuse(value.position, "the condition on '" + axis + "' has no values");
  std::vector<AxisValue> values;
  for (const auto& child : value.children)
    values.push_back(read_condition_value(experiment, child, axis));
  return values;
}

AxisCondition read_condition(const Experiment& experiment, const Value& entry) {
  AxisCondition condition{.axis = entry.key};
  if (!entry.is_table()) {
    condition.in = read_condition_values(experiment, entry, entry.key);
    return condition;
  }
  const Fields fields(entry, "the condition on '" + entry.key + "'", {"in", "not", "ge", "le"});
  if (const auto* values = fields.find("in"))
    condition.in = read_condition_values(experiment, *values, entry.key);
  if (const auto* values = fields.find("not"))
    condition.not_in = read_condition_values(experiment, *values, entry.key);
  constexpr auto lowest = -std::numeric_limits<double>::infinity();
  if (fields.find("ge") != nullptr) condition.ge = fields.number("ge", 0, lowest);
  if (fields.find("le") != nullptr) condition.le = fields.number("le", 0, lowest);
  return condition;
}

Exclude read_exclude(const Value& table, const Experiment& experiment) {
  const Fields fields(table, "[[exclude]]", {"match", "reason", "optional"});
  return {.match = read_match(fields.require("match"), experiment, "match"),
          .reason = fields.required_text("reason"),
          .optional = fields.flag("optional", false)};
}

std::vector<Assignment> read_assignments(const Value& value) {
  const Fields fields(value, "options of [[override]]", component_tables());
  std::vector<Assignment> assignments;
  for (const auto& entry : value.children) {
    if (!entry.is_table())
      refuse_type(entry, entry.key, "a table of options, such as { lr = 1e-4 }");
    const auto table = *table_named(entry.key);
    for (const auto& option : entry.children) {
      check_assignment(table, option.key, option);
      assignments.push_back({table, option.key, to_json(option), option.key_position});
    }
  }
  return assignments;
}

ResourceLimits read_limits(const Value& value) {
  const Fields fields(value, "resources of [[override]]", {"timeout", "memory"});
  ResourceLimits limits;
  if (fields.find("timeout") != nullptr) limits.timeout = read_seconds(fields, "timeout", 0);
  if (fields.find("memory") != nullptr) limits.memory = read_bytes(fields, "memory", 0);
  return limits;
}

Override read_override(const Value& table, const Experiment& experiment) {
  const Fields fields(table, "[[override]]", {"match", "options", "resources", "optional"});
  Override result;
  result.match = read_match(fields.require("match"), experiment, "match");
  result.optional = fields.flag("optional", false);
  if (const auto* options = fields.find("options")) result.assignments = read_assignments(*options);
  if (const auto* resources = fields.find("resources")) result.resources = read_limits(*resources);
  if (result.assignments.empty() && result.resources == ResourceLimits{})
    refuse(table.position, "[[override]] changes nothing; add 'options' or 'resources'");
  return result;
}

Reference read_reference(const Value& table, const Experiment& experiment) {
  const Fields fields(table, "[[reference]]",
                      {"match", "metric", "value", "source", "protocol", "comparable"});
  fields.require("value");
  return {.match = read_match(fields.require("match"), experiment, "match"),
          .metric = fields.required_text("metric"),
          .source = fields.required_text("source"),
          .protocol = fields.text("protocol"),
          .value = fields.number("value", 0, -std::numeric_limits<double>::infinity()),
          .comparable = fields.flag("comparable", true)};
}

}  // namespace

Match read_match(const Value& value, const Experiment& experiment, const std::string& title) {
  Match match{.position = value.position};
  const Fields fields(value, title, axis_names(experiment));
  if (value.children.empty())
    refuse(value.position,
           title + " has no conditions; expected some, such as { encoder = \"mfcc\" }");
  for (const auto& entry : value.children)
    match.conditions.push_back(read_condition(experiment, entry));
  return match;
}

void read_rules(const Value& root, Experiment& experiment) {
  for (const auto* table : tables_of(root, "exclude"))
    experiment.excludes.push_back(read_exclude(*table, experiment));
  for (const auto* table : tables_of(root, "override"))
    experiment.overrides.push_back(read_override(*table, experiment));
  for (const auto* table : tables_of(root, "reference"))
    experiment.references.push_back(read_reference(*table, experiment));
}

}  // namespace earshot::host
