#include "host/analyse/compare.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "host/base/failure.hpp"
#include "protocol/nearest.hpp"
#include "statistics/multiplicity.hpp"

namespace earshot::host {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& value,
                         const std::vector<std::string>& known) {
  throw Failure(ExitCode::usage, "runner compare: unknown " + what + " '" + value +
                                     "'; allowed are " + protocol::join(known, true) +
                                     protocol::did_you_mean(value, known));
}

void check(const std::string& what, const std::string& value,
           const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), value) == known.end()) refuse(what, value, known);
}

Json compare_table(const Store& store, std::int64_t experiment) {
  Statement row(store.connection(),
                "SELECT json_extract(resolved, '$.compare') FROM experiment "
                "WHERE experiment_id = ?");
  row.bind_all(experiment);
  row.step();
  return row.is_null(0) ? Json::object() : Json::parse(row.text(0));
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// What of a condition besides the task tells it apart from others of the same task.
std::string title_of(const Condition& condition, const std::vector<Condition>& all) {
  std::string title = condition.task;
  const auto add = [&](std::string Condition::*part) {
    const bool varies = std::any_of(all.begin(), all.end(), [&](const Condition& other) {
      return other.task == condition.task && other.*part != condition.*part;
    });
    if (varies && !(condition.*part).empty()) title += " " + condition.*part;
  };
  for (const auto part :
       {&Condition::dataset, &Condition::mapper, &Condition::language_model, &Condition::variant})
    add(part);
  return title;
}

std::string joined(const Json& list) {
  return protocol::join(list.get<std::vector<std::string>>());
}

/// What is known of the encoders' weights: a table of differences is read with that in mind.
std::vector<std::string> checkpoints_of(const Store& store, std::int64_t experiment) {
  Statement rows(store.connection(),
                 "SELECT encoder, weights, max(pretrain_data), "
                 "json_group_array(DISTINCT dataset) FILTER (WHERE in_domain = 1) "
                 "FROM experiment_cell WHERE experiment_id = ? "
                 "GROUP BY encoder, weights HAVING weights <> '' OR max(pretrain_data) IS NOT NULL "
                 "ORDER BY min(position)");
  rows.bind_all(experiment);
  std::vector<std::string> lines;
  while (rows.step()) {
    auto line = rows.text(0) + ": " + (rows.text(1).empty() ? "" : rows.text(1) + ", ");
    if (rows.is_null(2)) {
      line += "trained on what is not said";
    } else {
      const auto data = Json::parse(rows.text(2));
      line += data.empty() ? "untrained" : "trained on " + joined(data);
    }
    const auto heard = Json::parse(rows.text(3));
    lines.push_back(line + (heard.empty() ? "" : "; in domain: " + joined(heard)));
  }
  return lines;
}

/// Where datasets have the right answers from, as their slice `gold_from` says: somebody who has
/// listened, or a model that has read a caption.
std::vector<std::string> gold_of(const Store& store, std::int64_t experiment) {
  Statement rows(store.connection(),
                 "SELECT x.label, json_extract(d.info, '$.slices.gold_from') "
                 "FROM experiment_dataset x JOIN dataset d ON d.dataset_id = x.dataset_id "
                 "WHERE x.experiment_id = ? ORDER BY x.label");
  rows.bind_all(experiment);
  std::vector<std::string> lines;
  while (rows.step()) {
    if (rows.is_null(1)) continue;
    const auto golds = Json::parse(rows.text(1));
    double all = 0;
    for (const auto& [from, items] : golds.items())
      all += items.get<double>();
    std::vector<std::string> shares;
    for (const auto& [from, items] : golds.items())
      shares.push_back(std::to_string(std::lround(100 * items.get<double>() / all)) + " % " + from);
    lines.push_back("gold of " + rows.text(0) + ": " + protocol::join(shares));
  }
  return lines;
}

class Comparer {
 public:
  Comparer(const Store& store, const CompareOptions& options)
      : store_(store), experiment_(store.require_experiment(options.experiment)), evidence_(store) {
    const auto table = compare_table(store, experiment_);
    result_.experiment = options.experiment;
    result_.metric = options.metric;
    result_.by = options.by.empty() ? "task" : options.by;
    result_.axis = options.axis.empty() ? table.value("axis", "encoder") : options.axis;
    auto axes = axis_names(store, experiment_);
    std::erase_if(axes, [](const auto& axis) { return axis == "seed" || axis == "fold"; });
    check("axis", result_.axis, axes);
    values_ = axis_values(store, experiment_, result_.axis);
    result_.base = options.base;
    if (result_.base.empty() && table.contains("base") &&
        result_.axis == table.value("axis", "encoder"))
      result_.base = text_of(table.at("base"));
    if (result_.base.empty()) result_.base = values_.front();
    check("value of the axis '" + result_.axis + "'", result_.base, values_);
  }

  Comparison run() {
    for (const auto& candidate : values_)
      if (candidate != result_.base) add_candidate(candidate);
    check_names();
    // Lines of one condition and slice stand together, candidates in the order of the axis.
    std::stable_sort(lines_.begin(), lines_.end(), [](const auto& a, const auto& b) {
      return std::tie(a.position, a.slice) < std::tie(b.position, b.slice);
    });
    for (auto& placed : lines_)
      result_.lines.push_back(std::move(placed.line));
    adjust();
    result_.verdicts = verdicts(store_, result_.experiment);
    result_.provenance = checkpoints_of(store_, experiment_);
    for (auto& line : gold_of(store_, experiment_))
      result_.provenance.push_back(std::move(line));
    return std::move(result_);
  }

 private:
  struct Placed {
    std::int64_t position;
    std::string slice;
    ComparedLine line;
  };

  void add_candidate(const std::string& candidate) {
    const auto conditions =
        paired_conditions(store_, experiment_, result_.axis, result_.base, candidate);
    for (const auto& condition : conditions) {
      std::vector<SliceNames> parts{{}};
      if (result_.by != "task") {
        parts.clear();
        for (const auto& name : evidence_.dimensions(condition))
          dimensions_.insert(name);
        for (const auto& slice : evidence_.slices(condition, result_.by))
          parts.push_back({slice});
      }
      for (const auto& slices : parts) {
        const auto& metric = result_.metric.empty() ? condition.primary : result_.metric;
        const std::vector<Sample> samples{evidence_.sample(condition, metric, slices)};
        metric_found_ = metric_found_ || !samples[0].kind.empty();
        ComparedLine line{.candidate = candidate,
                          .condition = title_of(condition, conditions),
                          .task = condition.task,
                          .slices = slices,
                          .difference = difference(samples)};
        if (condition.planned == 0)
          line.difference.notes.push_back("only one side is in the experiment");
        lines_.push_back(
            {condition.position, slices.empty() ? "" : slices[0].name, std::move(line)});
      }
    }
  }

  void check_names() const {
    if (result_.by != "task" && dimensions_.count(result_.by) == 0) {
      std::vector<std::string> known{dimensions_.begin(), dimensions_.end()};
      known.insert(known.begin(), "task");
      refuse("slice dimension", result_.by, known);
    }
    if (result_.metric.empty() || metric_found_) return;
    std::vector<std::string> known;
    Statement rows(store_.connection(),
                   "SELECT DISTINCT metric FROM result WHERE experiment = ? ORDER BY metric");
    rows.bind_all(result_.experiment);
    while (rows.step())
      known.push_back(rows.text(0));
    if (!known.empty()) check("metric", result_.metric, known);
  }

  void adjust() {
    std::vector<double> p_values;
    for (const auto& line : result_.lines)
      if (line.difference.interval.defined()) p_values.push_back(line.difference.interval.p_value);
    const auto adjusted = statistics::benjamini_hochberg(p_values);
    auto next = adjusted.begin();
    for (auto& line : result_.lines)
      if (line.difference.interval.defined()) line.p_adjusted = *next++;
  }

  const Store& store_;
  std::int64_t experiment_;
  Evidence evidence_;
  Comparison result_{};
  std::vector<std::string> values_{};
  std::set<std::string> dimensions_{};
  bool metric_found_ = false;
  std::vector<Placed> lines_{};
};

Json or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

ComparisonRow row_of(const Difference& difference, const SliceNames& slices, double p,
                     double p_adjusted) {
  ComparisonRow row;
  if (!slices.empty()) {
    row.slice_dimension = slices.front().dimension;
    row.slice = slices.front().name;
  }
  const auto& interval = difference.interval;
  row.metric = difference.metric;
  row.unit = difference.unit;
  row.base_value = or_null(difference.base);
  row.candidate_value = or_null(difference.candidate);
  row.delta = or_null(interval.estimate);
  if (interval.defined()) {
    row.ci_low = interval.low;
    row.ci_high = interval.high;
    row.p_value = p;
    row.p_adjusted = p_adjusted;
  }
  row.method = difference.method;
  row.items = difference.items;
  row.groups = difference.groups;
  row.seeds = difference.seeds;
  row.missing = difference.missing;
  auto notes = difference.notes;
  if (!interval.defined()) notes.insert(notes.begin(), "no interval: " + interval.missing);
  for (std::size_t i = 1; i < slices.size(); ++i)
    notes.push_back("and " + slices[i].dimension + " " + slices[i].name);
  if (difference.sign_flip_p)
    notes.push_back("sign-flip p = " + std::to_string(*difference.sign_flip_p));
  if (difference.mcnemar_p)
    notes.push_back("McNemar mid-p = " + std::to_string(*difference.mcnemar_p));
  for (const auto& note : notes)
    row.note += (row.note.empty() ? "" : "; ") + note;
  return row;
}

}  // namespace

bool ComparedLine::significant() const {
  const auto& interval = difference.interval;
  return interval.defined() && (interval.low > 0 || interval.high < 0) && p_adjusted < 0.05;
}

Comparison compare(const Store& store, const CompareOptions& options) {
  return Comparer(store, options).run();
}

std::vector<ComparisonRow> rows_of(const Comparison& comparison) {
  std::vector<ComparisonRow> rows;
  for (const auto& line : comparison.lines) {
    auto& row = rows.emplace_back(
        row_of(line.difference, line.slices, line.difference.interval.p_value, line.p_adjusted));
    row.axis = comparison.axis;
    row.base = comparison.base;
    row.candidate = line.candidate;
    row.task = line.task;
    row.correction = "benjamini-hochberg";
    if (line.condition != line.task)
      row.note = line.condition + (row.note.empty() ? "" : "; ") + row.note;
  }
  for (const auto& verdict : comparison.verdicts) {
    auto& row = rows.emplace_back(
        row_of(verdict.difference, verdict.slices, verdict.p, verdict.p_adjusted));
    row.axis = verdict.axis;
    row.base = verdict.base;
    row.candidate = verdict.candidate;
    row.hypothesis = verdict.name;
    row.task = verdict.task;
    row.correction = "holm";
    row.margin = verdict.margin;
    row.verdict = verdict.verdict;
  }
  return rows;
}

}  // namespace earshot::host
