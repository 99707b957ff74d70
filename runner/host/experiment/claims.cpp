#include <algorithm>

#include "host/experiment/match.hpp"
#include "host/experiment/read.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

namespace {

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::vector<std::string> axis_values(const Experiment& experiment, const std::string& axis) {
  std::vector<std::string> values;
  const auto add = [&](const std::string& value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  };
  for (const auto& block : experiment.blocks) {
    for (const auto& [name, list] : block.axes)
      for (const auto& value : list) {
        if (name == axis) add(written(value));
        if (axis == "dataset" && name == "task" && !block.has_axis("dataset"))
          add(experiment.components.at("task").at(value.get<std::string>()).dataset);
      }
  }
  return values;
}

bool has_value(const Experiment& experiment, const std::string& axis, const std::string& value) {
  const auto values = axis_values(experiment, axis);
  return std::find(values.begin(), values.end(), value) != values.end();
}

void check_axis(const Experiment& experiment, const Fields& fields, const std::string& key) {
  const auto axis = fields.text(key);
  const auto known = axis_names(experiment);
  if (std::find(known.begin(), known.end(), axis) == known.end())
    refuse_unknown(fields.require(key).position, "axis", axis, known);
}

void check_value(const Experiment& experiment, const std::string& axis, const std::string& value,
                 const Position& position) {
  if (!has_value(experiment, axis, value))
    refuse_unknown(position, "value of the axis '" + axis + "'", value,
                   axis_values(experiment, axis));
}

/// The axis that both sides of a claim are values of: the one that is compared, else the first.
std::string axis_of(const Experiment& experiment, const Hypothesis& hypothesis) {
  auto axes = axis_names(experiment);
  if (!experiment.compare_axis.empty()) axes.insert(axes.begin(), experiment.compare_axis);
  for (const auto& side : {std::vector{hypothesis.candidate, hypothesis.base},
                           std::vector{hypothesis.candidate}, std::vector{hypothesis.base}})
    for (const auto& axis : axes)
      if (std::all_of(side.begin(), side.end(),
                      [&](const auto& value) { return has_value(experiment, axis, value); }))
        return axis;
  return axes.front();
}

void parse_claim(const Value& value, Hypothesis& hypothesis) {
  const auto& claim = hypothesis.claim;
  const auto at = claim.find_first_of("<>=");
  if (at != std::string::npos) {
    hypothesis.candidate = trimmed(claim.substr(0, at));
    hypothesis.relation = claim.substr(at, 1);
    hypothesis.base = trimmed(claim.substr(at + 1));
  }
  const bool whole = !hypothesis.candidate.empty() && !hypothesis.base.empty() &&
                     hypothesis.base.find_first_of("<>=") == std::string::npos;
  if (!whole)
    refuse(value.position, "the claim '" + claim +
                               "' cannot be read; allowed: 'a > b', 'a < b', 'a = b' with two "
                               "values of one axis");
  if (hypothesis.candidate == hypothesis.base)
    refuse(value.position,
           "the claim '" + claim + "' compares '" + hypothesis.base + "' with itself");
}

Hypothesis read_hypothesis(const Value& table, const Experiment& experiment) {
  const Fields fields(table, "[[hypothesis]]",
                      {"name", "claim", "axis", "metric", "tasks", "slices", "margin",
                       "positive_control", "blind_control"});
  Hypothesis result;
  result.position = table.position;
  result.name = fields.required_text("name");
  result.claim = fields.required_text("claim");
  result.metric = fields.text("metric");
  result.margin = fields.number("margin", 0, 0);
  const auto& claim = fields.require("claim");
  parse_claim(claim, result);
  if (fields.find("axis") != nullptr) {
    check_axis(experiment, fields, "axis");
    result.axis = fields.text("axis");
  } else {
    result.axis = axis_of(experiment, result);
  }
  check_value(experiment, result.axis, result.candidate, claim.position);
  check_value(experiment, result.axis, result.base, claim.position);
  if (result.relation == "=" && result.margin == 0)
    refuse(claim.position, "the claim '" + result.claim +
                               "' of equivalence has no margin; give it 'margin', the largest "
                               "difference that counts as none");
  result.tasks = fields.texts("tasks");
  for (const auto& task : result.tasks)
    check_value(experiment, "task", task, fields.require("tasks").position);
  if (const auto* slices = fields.find("slices")) {
    if (!slices->is_table()) refuse_type(*slices, "slices", "a table of dimension and slice");
    for (const auto& slice : slices->children) {
      if (!slice.scalar.is_string()) refuse_type(slice, slice.key, "the name of a slice");
      result.slices[slice.key] = slice.scalar.get<std::string>();
    }
  }
  for (auto [key, control] : {std::pair{"positive_control", &result.positive_control},
                              std::pair{"blind_control", &result.blind_control}}) {
    *control = fields.text(key);
    if (!control->empty())
      check_value(experiment, "encoder", *control, fields.require(key).position);
  }
  return result;
}

void read_select(const Value& table, Experiment& experiment) {
  const Fields fields(table, "[select]", {"over", "by"});
  auto& select = experiment.select;
  select.position = table.position;
  fields.require("over");
  select.over = fields.texts("over");
  std::vector<std::string> known;
  for (const auto& axis : axis_names(experiment))
    if (axis.find('.') != std::string::npos) known.push_back(axis);
  for (const auto& axis : select.over)
    if (std::find(known.begin(), known.end(), axis) == known.end())
      refuse_unknown(fields.require("over").position, "option axis", axis, known);
  const auto by = fields.required_text("by");
  const std::string split = "validation.";
  if (!by.starts_with(split) || by.size() == split.size())
    refuse(
        fields.require("by").position,
        "by is '" + by + "'; expected 'validation.' and a metric: the test split chooses nothing");
  select.by = by.substr(split.size());
}

void read_compare(const Value& table, Experiment& experiment) {
  const Fields fields(table, "[compare]", {"axis", "base"});
  fields.require("axis");
  check_axis(experiment, fields, "axis");
  experiment.compare_axis = fields.text("axis");
  const auto* base = fields.find("base");
  if (base == nullptr) return;
  experiment.compare_base = written(base->scalar);
  check_value(experiment, experiment.compare_axis, experiment.compare_base, base->position);
}

}  // namespace

void read_claims(const Value& root, Experiment& experiment) {
  if (const auto* table = root.find("select")) read_select(*table, experiment);
  if (const auto* table = root.find("compare")) read_compare(*table, experiment);
  for (const auto* table : tables_of(root, "hypothesis")) {
    auto hypothesis = read_hypothesis(*table, experiment);
    for (const auto& other : experiment.hypotheses)
      if (other.name == hypothesis.name)
        refuse(hypothesis.position,
               "a second hypothesis '" + hypothesis.name + "'; each needs a name of its own");
    experiment.hypotheses.push_back(std::move(hypothesis));
  }
}

}  // namespace earshot::host
