#include <algorithm>
#include <map>

#include "host/report/parts.hpp"

namespace earshot::host {
namespace {

/// Whether a line compares exactly these rows: its values on the axes of encoders are theirs.
bool is_between(const ComparedLine& line, const Labels& best, const Labels& other) {
  for (const auto& [axis, value] : line.condition) {
    if (!axis.starts_with("encoder.")) continue;
    for (const auto* row : {&best, &other})
      if (const auto own = row->find(axis); own != row->end() && own->second != value) return false;
  }
  return true;
}

/// The cells of one column.
Design column_of(const Design& design, const std::vector<std::size_t>& columns,
                 std::size_t column) {
  Design own{.name = design.name, .experiment = design.experiment, .claims = design.claims};
  own.claims.hypotheses.clear();  // no verdicts are asked for
  for (std::size_t i = 0; i < design.cells.size(); ++i)
    if (columns[i] == column) own.cells.push_back(design.cells[i]);
  return own;
}

/// Compares the other scores of a column with its best one.
void compare_with(ReportedScore& best, const std::vector<ReportedScore*>& scores,
                  const Subject& subject, const std::vector<Labels>& rows, Design design) {
  best.standing = "best";
  const auto& best_row = rows[best.row];
  const auto base = best_row.find("encoder");
  for (auto* score : scores)
    if (score != &best) score->standing = "untested";
  if (base == best_row.end() || design.axis_values("encoder").size() < 2) return;
  const auto comparison =
      compare(std::move(design), {}, subject.observations,
              {.experiment = subject.name, .axis = "encoder", .base = base->second});
  for (auto* score : scores) {
    const auto& row = rows[score->row];
    const auto own = row.find("encoder");
    if (score == &best || own == row.end()) continue;
    for (const auto& line : comparison.lines) {
      if (line.candidate != own->second || !is_between(line, best_row, row)) continue;
      score->from_best = reported(line, comparison.base);
      if (line.difference.interval.defined())
        score->standing = line.significant() ? "behind" : "tied";
    }
  }
}

}  // namespace

void add_standings(ReportedExperiment& report, const Subject& subject,
                   const std::vector<Labels>& rows, const std::vector<std::size_t>& columns) {
  std::map<std::size_t, std::vector<ReportedScore*>> finished;
  for (auto& score : report.scores)
    if (score.value) finished[score.column].push_back(&score);
  for (auto& [index, scores] : finished) {
    const double sign = report.columns[index].higher_is_better ? 1 : -1;
    // Controls are shown apart: the best is among the others, if there are any.
    const auto rank = [&](const ReportedScore* score) {
      return std::pair(report.rows[score->row].control.empty(), sign * *score->value);
    };
    auto* best = *std::max_element(scores.begin(), scores.end(),
                                   [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
    compare_with(*best, scores, subject, rows, column_of(subject.design, columns, index));
  }
}

}  // namespace earshot::host
