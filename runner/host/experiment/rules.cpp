#include <algorithm>

#include "host/experiment/read.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

namespace {

void check_condition_value(const Experiment& experiment, const Value& value,
                           const std::string& axis) {
  if (value.is_list() || value.is_table())
    refuse_type(value, "the condition on '" + axis + "'", "a value");
  check_label(experiment, axis, value.scalar, value.position);
  const bool number = axis == "seed" || axis == "fold";
  const bool label = std::find(component_tables().begin(), component_tables().end(), axis) !=
                     component_tables().end();
  if (number && !value.scalar.is_number_integer())
    refuse_type(value, "the condition on '" + axis + "'", "an integer");
  if (label && !value.scalar.is_string())
    refuse_type(value, "the condition on '" + axis + "'", "a label");
}

void check_values(const Experiment& experiment, const Value& value, const std::string& axis) {
  if (!value.is_list()) return check_condition_value(experiment, value, axis);
  if (value.children.empty())
    refuse(value.position, "the condition on '" + axis + "' has no values");
  for (const auto& child : value.children)
    check_condition_value(experiment, child, axis);
}

void check_condition(const Experiment& experiment, const Value& entry) {
  if (!entry.is_table()) return check_values(experiment, entry, entry.key);
  const Fields fields(entry, "the condition on '" + entry.key + "'", {"in", "not", "ge", "le"});
  for (const auto* name : {"in", "not"})
    if (const auto* values = fields.find(name)) check_values(experiment, *values, entry.key);
  for (const auto* name : {"ge", "le"})
    fields.number(name, 0, -std::numeric_limits<double>::infinity());
}

Exclude read_exclude(const Value& table, const Experiment& experiment) {
  const Fields fields(table, "[[exclude]]", {"match", "reason", "optional"});
  return {.match = read_match(fields.require("match"), experiment, "match"),
          .reason = fields.required_text("reason"),
          .optional = fields.flag("optional", false)};
}

Json read_override_options(const Value& value, Override& result) {
  auto known = component_tables();
  const Fields fields(value, "options of [[override]]", known);
  for (const auto& table : value.children) {
    if (!table.is_table())
      refuse_type(table, table.key, "a table of options, such as { lr = 1e-4 }");
    for (const auto& option : table.children) {
      check_assignment(table.key, option.key, option);
      result.positions[table.key + "." + option.key] = option.key_position;
    }
  }
  return to_json(value);
}

Json read_override_resources(const Value& value) {
  const Fields fields(value, "resources of [[override]]", {"timeout", "memory"});
  auto resources = Json::object();
  if (fields.find("timeout") != nullptr) resources["timeout"] = read_seconds(fields, "timeout", 0);
  if (fields.find("memory") != nullptr) resources["memory"] = read_bytes(fields, "memory", 0);
  return resources;
}

Override read_override(const Value& table, const Experiment& experiment) {
  const Fields fields(table, "[[override]]", {"match", "options", "resources", "optional"});
  Override result;
  result.match = read_match(fields.require("match"), experiment, "match");
  result.optional = fields.flag("optional", false);
  if (const auto* options = fields.find("options"))
    result.options = read_override_options(*options, result);
  if (const auto* resources = fields.find("resources"))
    result.resources = read_override_resources(*resources);
  if (result.options.empty() && result.resources.empty())
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
    check_condition(experiment, entry);
  match.conditions = to_json(value);
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
