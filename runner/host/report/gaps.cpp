#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "host/analyse/choices.hpp"
#include "host/report/parts.hpp"
#include "statistics/rank_correlation.hpp"

// Whether what a probe says of two encoders is what questions say of them.

namespace earshot::host {
namespace {

/// What a cell shows of its encoder.
enum class Kind { neither, probe, question };

Kind kind_of(const DesignCell& cell) {
  if (cell.hears_nothing || cell.primary.empty()) return Kind::neither;
  const auto model = cell.axes.find("language_model");
  const bool asks = model != cell.axes.end() && !model->second.empty();
  if (cell.target.empty()) return asks ? Kind::question : Kind::neither;
  return asks ? Kind::neither : Kind::probe;
}

std::string value_on(const Labels& labels, const std::string& axis) {
  const auto found = labels.find(axis);
  return found == labels.end() ? "" : found->second;
}

/// The cells of some tasks, without claims: no verdicts are asked for.
Design of_tasks(const Design& design, const std::set<std::string>& tasks) {
  Design own{.name = design.name, .experiment = design.experiment, .claims = design.claims};
  own.claims.hypotheses.clear();
  for (const auto& cell : design.cells)
    if (tasks.contains(value_on(cell.axes, "task"))) own.cells.push_back(cell);
  return own;
}

/// Dimensions of slices in which some task has scores.
std::vector<std::string> dimensions_of(const ReportedExperiment& report,
                                       const std::set<std::string>& tasks) {
  std::set<std::string> names;
  for (const auto& slice : report.slices)
    if (tasks.contains(report.columns[slice.column].task)) names.insert(slice.dimension);
  return {names.begin(), names.end()};
}

/// The value that the others are compared with.
std::string base_of(const Design& design) {
  const auto values = design.axis_values("encoder");
  const auto& claims = design.claims;
  const bool named = (claims.compare_axis.empty() || claims.compare_axis == "encoder") &&
                     among(values, claims.compare_base);
  return named ? claims.compare_base : values.front();
}

/// A line of a comparison of encoders, over the tasks that it is about.
struct Line {
  ComparedLine line{};
  std::string dataset{};
  std::set<std::string> tasks{};
  std::string text{};  ///< the tasks, or the condition
};

/// Probes of one dataset with one metric, so that a mean over them means something.
struct ProbeGroup {
  std::string dataset{};
  std::set<std::string> tasks{};
};

class Gaps {
 public:
  Gaps(ReportedExperiment& report, const Subject& subject) : report_(report), subject_(subject) {}

  void add() {
    std::map<std::pair<std::string, std::string>, ProbeGroup> groups;  // by dataset and metric
    std::set<std::string> questions;
    for (const auto& cell : subject_.design.cells) {
      const auto task = value_on(cell.axes, "task");
      const auto kind = kind_of(cell);
      if (kind == Kind::question) questions.insert(task);
      if (kind != Kind::probe) continue;
      auto& group = groups[{value_on(cell.axes, "dataset"), cell.primary}];
      group.dataset = value_on(cell.axes, "dataset");
      group.tasks.insert(task);
      targets_[task] = cell.target;
    }
    if (groups.empty() || questions.empty() || subject_.design.axis_values("encoder").size() < 2)
      return;
    base_ = base_of(subject_.design);
    for (const auto& [key, group] : groups) {
      compare(group.tasks, false, single_);
      compare(group.tasks, true, means_);
    }
    std::vector<Line> lines;
    compare(questions, false, lines);
    for (const auto& question : lines)
      match(question);
    correlate();
  }

 private:
  /// Compares the encoders in some tasks, over all items and in each slice.
  void compare(const std::set<std::string>& tasks, bool mean, std::vector<Line>& lines) {
    CompareOptions options{.experiment = subject_.name, .axis = "encoder", .base = base_};
    options.by = {"task"};
    for (const auto& dimension : dimensions_of(report_, tasks))
      options.by.push_back(dimension);
    if (mean) options.over = {"task"};
    auto design = of_tasks(subject_.design, tasks);
    if (!among(design.axis_values("encoder"), base_)) return;
    std::map<std::string, std::string> datasets;
    for (const auto& cell : design.cells)
      datasets[value_on(cell.axes, "task")] = value_on(cell.axes, "dataset");
    std::string names;
    for (const auto& task : tasks)
      names += (names.empty() ? "" : ", ") + task;
    const auto comparison = host::compare(std::move(design), {}, subject_.observations, options);
    for (const auto& line : comparison.lines) {
      const auto task = line.task();
      auto dataset = value_on(line.condition, "dataset");
      if (dataset.empty()) dataset = datasets[mean ? *tasks.begin() : task];
      lines.push_back(
          {.line = line,
           .dataset = dataset,
           .tasks = mean ? tasks : std::set{task},
           .text = mean ? "mean over " + names : (line.title.empty() ? task : line.title)});
    }
  }

  /// The dots that belong to a difference in questions.
  void match(const Line& question) {
    const auto& slices = question.line.slices;
    if (slices.empty()) {
      for (const auto& probe : means_)
        if (probe.line.slices.empty() && probe.dataset == question.dataset)
          add_dot(question, probe, "dataset", question.dataset);
      return;
    }
    const auto& slice = slices.front();
    for (const auto& probe : means_)
      if (!probe.line.slices.empty() && probe.dataset == question.dataset &&
          probe.line.slices.front().dimension == slice.dimension &&
          probe.line.slices.front().name == slice.name)
        add_dot(question, probe, "slice", slice.dimension + " " + slice.name);
    for (const auto& probe : single_) {
      const auto& task = *probe.tasks.begin();
      if (probe.line.slices.empty() && (task == slice.name || targets_[task] == slice.name))
        add_dot(question, probe, "name", slice.dimension + " " + slice.name);
    }
  }

  void add_dot(const Line& question, const Line& probe, const std::string& matched,
               const std::string& label) {
    if (probe.line.candidate != question.line.candidate) return;
    ReportedGap gap{.candidate = question.line.candidate,
                    .base = base_,
                    .question = question.text,
                    .probe = probe.text,
                    .matched = matched,
                    .label = label,
                    .probe_gap = reported(probe.line, base_),
                    .question_gap = reported(question.line, base_)};
    if (gap.probe_gap.delta && gap.question_gap.delta) report_.gaps.push_back(std::move(gap));
  }

  void correlate() {
    struct Pairs {
      std::vector<double> probe{}, question{};
    };
    std::map<std::tuple<std::string, std::string, std::string>, Pairs> groups;
    const auto gain = [](const ReportedDifference& difference) {
      return difference.higher_is_better ? *difference.delta : -*difference.delta;
    };
    for (const auto& gap : report_.gaps) {
      auto& pairs = groups[{gap.matched, gap.question, gap.candidate}];
      pairs.probe.push_back(gain(gap.probe_gap));
      pairs.question.push_back(gain(gap.question_gap));
    }
    for (const auto& [key, pairs] : groups) {
      const auto found = statistics::rank_correlation(pairs.probe, pairs.question);
      report_.correlations.push_back({.matched = std::get<0>(key),
                                      .question = std::get<1>(key),
                                      .candidate = std::get<2>(key),
                                      .dots = found.pairs,
                                      .rho = finite(found.rho),
                                      .p = finite(found.p_value),
                                      .note = found.missing});
    }
  }

  ReportedExperiment& report_;
  const Subject& subject_;
  std::string base_{};
  std::map<std::string, std::string> targets_{};  ///< of the probes, by task
  std::vector<Line> single_{}, means_{};          ///< of the probes
};

}  // namespace

void add_gaps(ReportedExperiment& report, const Subject& subject) {
  Gaps(report, subject).add();
}

}  // namespace earshot::host
