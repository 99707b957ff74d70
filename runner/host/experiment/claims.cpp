#include "host/experiment/claims.hpp"

#include <algorithm>
#include <tuple>

#include "base/text.hpp"
#include "host/base/failure.hpp"
#include "host/experiment/read.hpp"

namespace earshot::host {

EARSHOT_JSON_DEFINITIONS(Select, Hypothesis, Claims)

namespace {

std::vector<std::string> axis_values(const Experiment& experiment, const std::string& axis) {
  std::vector<std::string> values;
  const auto add = [&](const std::string& value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  };
  for (const auto& block : experiment.blocks) {
    if (const auto* own = block.axis(axis))
      for (const auto& value : own->values)
        add(value.text());
    else if (axis == "dataset")
      for (const auto& task : block.axis("task")->values)
        add(experiment.find(Table::task, *task.label())->dataset);
  }
  return values;
}

/// The axes along which cells can be compared; runs that differ only in seed or fold are averaged.
std::vector<std::string> compared_axes(const Experiment& experiment) {
  auto axes = axis_names(experiment);
  std::erase_if(axes, [](const auto& axis) { return axis == "seed" || axis == "fold"; });
  return axes;
}

void check_axis(const Experiment& experiment, const std::string& axis, const Position& position) {
  const auto known = compared_axes(experiment);
  if (std::find(known.begin(), known.end(), axis) == known.end())
    refuse_unknown(position, "axis", axis, known);
}

void check_value(const Experiment& experiment, const std::string& axis, const std::string& value,
                 const Position& position) {
  const auto values = axis_values(experiment, axis);
  if (std::find(values.begin(), values.end(), value) == values.end())
    refuse_unknown(position, "value of axis '" + axis + "':", value, values);
}

void parse_claim(const Value& value, Hypothesis& hypothesis) {
  const auto& claim = hypothesis.claim;
  const auto at = claim.find_first_of("<>=");
  if (at != std::string::npos) {
    hypothesis.candidate = base::trimmed(claim.substr(0, at));
    hypothesis.relation = Json(claim.substr(at, 1)).get<Relation>();
    hypothesis.base = base::trimmed(claim.substr(at + 1));
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

void read_slices(const Value& table, Hypothesis& hypothesis) {
  if (!table.is_table()) refuse_type(table, "slices", "a table of dimension and slice");
  for (const auto& entry : table.children) {
    auto& names = hypothesis.slices[entry.key] = texts_of(entry, entry.key);
    if (names.empty()) refuse(entry.position, "the dimension '" + entry.key + "' has no slices");
  }
}

/// The content of the table itself; `axis` is "" if it is omitted.
Hypothesis read_hypothesis(const Value& table) {
  const Fields fields(table, "[[hypothesis]]",
                      {"name", "claim", "axis", "metric", "tasks", "slices", "over", "average",
                       "margin", "allow_different_scoring", "positive_control", "blind_control"});
  Hypothesis result;
  result.position = table.position;
  result.name = fields.required_text("name");
  result.claim = fields.required_text("claim");
  result.axis = fields.text("axis");
  result.metric = fields.text("metric");
  result.margin = fields.number("margin", 0, 0);
  const auto& claim = fields.require("claim");
  parse_claim(claim, result);
  if (result.relation == Relation::equal && result.margin == 0)
    refuse(claim.position, "the claim '" + result.claim +
                               "' is an equivalence without a margin; add 'margin', the largest "
                               "difference that counts as none");
  result.tasks = fields.texts("tasks");
  if (const auto* slices = fields.find("slices")) read_slices(*slices, result);
  result.mean = fields.choice("over", {"each", "mean"}) == "mean";
  result.average = fields.texts("average");
  result.allow_different_scoring = fields.flag("allow_different_scoring", false);
  result.positive_control = fields.text("positive_control");
  result.blind_control = fields.text("blind_control");
  return result;
}

/// The axis of a claim that names none; for its checks, also if no axis has both sides.
std::string axis_of(const Experiment& experiment, const Hypothesis& hypothesis) {
  const auto axes = compared_axes(experiment);
  for (const auto& sides : {std::vector{hypothesis.candidate, hypothesis.base},
                            std::vector{hypothesis.candidate}, std::vector{hypothesis.base}}) {
    const auto axis = axis_with(sides, experiment.compare_axis, axes, [&](const std::string& name) {
      return axis_values(experiment, name);
    });
    if (!axis.empty()) return axis;
  }
  return axes.front();
}

/// Checks that everything that the hypothesis names is in the experiment.
void check_hypothesis(const Fields& fields, const Experiment& experiment, Hypothesis& hypothesis) {
  const auto at = [&](const char* key) { return fields.require(key).position; };
  if (hypothesis.axis.empty())
    hypothesis.axis = axis_of(experiment, hypothesis);
  else
    check_axis(experiment, hypothesis.axis, at("axis"));
  check_value(experiment, hypothesis.axis, hypothesis.candidate, at("claim"));
  check_value(experiment, hypothesis.axis, hypothesis.base, at("claim"));
  for (const auto& task : hypothesis.tasks)
    check_value(experiment, "task", task, at("tasks"));
  for (const auto& axis : hypothesis.average) {
    check_axis(experiment, axis, at("average"));
    if (axis == hypothesis.axis)
      refuse(at("average"), "the claim compares values of the axis '" + axis +
                                "'; average lists the other axes, over which the mean is taken");
  }
  for (const auto& [key, control] : {std::pair{"positive_control", hypothesis.positive_control},
                                     std::pair{"blind_control", hypothesis.blind_control}})
    if (!control.empty()) check_value(experiment, "encoder", control, at(key));
}

Select read_select(const Value& table) {
  const Fields fields(table, "[select]", {"over", "by"});
  Select select;
  select.position = table.position;
  fields.require("over");
  select.over = fields.texts("over");
  const auto by = fields.required_text("by");
  const std::string split = "validation.";
  if (!by.starts_with(split) || by.size() == split.size())
    refuse(fields.require("by").position, "by is '" + by +
                                              "'; expected 'validation.' and a metric, because "
                                              "options must not be chosen on the test split");
  select.by = by.substr(split.size());
  return select;
}

void check_select(const Value& table, const Experiment& experiment) {
  std::vector<std::string> known;
  for (const auto& axis : axis_names(experiment))
    if (option_axis(axis)) known.push_back(axis);
  for (const auto& axis : experiment.select.over)
    if (std::find(known.begin(), known.end(), axis) == known.end())
      refuse_unknown(table.find("over")->position, "option axis", axis, known);
}

/// Axis and base of [compare]; base is "" if it is omitted.
std::pair<std::string, std::string> read_compare(const Value& table) {
  const Fields fields(table, "[compare]", {"axis", "base"});
  fields.require("axis");
  const auto* base = fields.find("base");
  return {fields.text("axis"), base == nullptr ? "" : AxisValue(OptionValue{base->scalar}).text()};
}

void check_compare(const Value& table, const Experiment& experiment) {
  check_axis(experiment, experiment.compare_axis, table.find("axis")->position);
  if (!experiment.compare_base.empty())
    check_value(experiment, experiment.compare_axis, experiment.compare_base,
                table.find("base")->position);
}

}  // namespace

std::string axis_with(
    const std::vector<std::string>& values, const std::string& compared,
    std::vector<std::string> axes,
    const std::function<std::vector<std::string>(const std::string&)>& values_of) {
  const std::vector<std::string> first{compared, "encoder", "task", "dataset"};
  const auto rank = [&](const std::string& axis) {
    return std::find(first.begin(), first.end(), axis) - first.begin();
  };
  std::sort(axes.begin(), axes.end(), [&](const auto& a, const auto& b) {
    return std::pair(rank(a), a) < std::pair(rank(b), b);
  });
  for (const auto& axis : axes) {
    const auto known = values_of(axis);
    if (std::all_of(values.begin(), values.end(), [&](const auto& value) {
          return std::find(known.begin(), known.end(), value) != known.end();
        }))
      return axis;
  }
  return "";
}

void read_claims(const Value& root, Experiment& experiment) {
  if (const auto* table = root.find("select")) {
    experiment.select = read_select(*table);
    check_select(*table, experiment);
  }
  if (const auto* table = root.find("compare")) {
    std::tie(experiment.compare_axis, experiment.compare_base) = read_compare(*table);
    check_compare(*table, experiment);
  }
  for (const auto* table : tables_of(root, "hypothesis")) {
    auto hypothesis = read_hypothesis(*table);
    check_hypothesis(Fields(*table), experiment, hypothesis);
    for (const auto& other : experiment.hypotheses)
      if (other.name == hypothesis.name)
        refuse(hypothesis.position,
               "a second hypothesis '" + hypothesis.name + "'; each needs a unique name");
    experiment.hypotheses.push_back(std::move(hypothesis));
  }
}

void to_json(Json& json, Relation relation) {
  json = relation == Relation::better ? ">" : relation == Relation::worse ? "<" : "=";
}

void from_json(const Json& json, Relation& relation) {
  for (const auto known : {Relation::better, Relation::worse, Relation::equal})
    if (json == Json(known)) {
      relation = known;
      return;
    }
  throw protocol::ProtocolError("it is " + json.dump() + "; expected \">\", \"<\" or \"=\"");
}

Claims claims_of(const Experiment& experiment) {
  Claims claims{.select = experiment.select,
                .hypotheses = experiment.hypotheses,
                .compare_axis = experiment.compare_axis,
                .compare_base = experiment.compare_base};
  for (const auto& block : experiment.blocks)
    claims.zips.insert(claims.zips.end(), block.zips.begin(), block.zips.end());
  if (const auto tasks = experiment.components.find(Table::task);
      tasks != experiment.components.end())
    for (const auto& [label, task] : tasks->second)
      if (!task.dataset.empty()) claims.tasks_with_dataset.insert(label);
  return claims;
}

namespace {

constexpr int claims_version = 1;

}  // namespace

Json to_record(const Claims& claims) {
  Json record = claims;
  record["version"] = claims_version;
  return record;
}

Claims claims_in(const Json& record, const std::string& where) {
  if (!record.is_object() || record.value("version", Json()) != claims_version)
    throw Failure(ExitCode::usage,
                  where +
                      ": its claims were recorded by another version of this program; expected "
                      "version " +
                      std::to_string(claims_version) +
                      ". Run the experiment again, which computes nothing twice");
  try {
    return record.get<Claims>();
  } catch (const protocol::ProtocolError& error) {
    throw Failure(ExitCode::store_unusable, where + ": its claims: " + error.what());
  }
}

}  // namespace earshot::host
