#include <algorithm>
#include <cmath>

#include "host/analyse/compare.hpp"

namespace earshot::host {
namespace {

Json or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

ComparisonRow row_of(const Difference& difference, const SliceNames& slices, double p,
                     double p_adjusted) {
  ComparisonRow row;
  if (!slices.empty()) row.slice_dimension = row.slice = "";
  for (const auto& slice : slices) {
    row.slice_dimension += (row.slice_dimension.empty() ? "" : ",") + slice.dimension;
    row.slice += (row.slice.empty() ? "" : ",") + slice.name;
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
  if (difference.sign_flip_p)
    notes.push_back("sign-flip p = " + std::to_string(*difference.sign_flip_p));
  if (difference.mcnemar_p)
    notes.push_back("McNemar mid-p = " + std::to_string(*difference.mcnemar_p));
  for (const auto& note : notes)
    row.note += (row.note.empty() ? "" : "; ") + note;
  return row;
}

std::string text_of(const Labels& condition) {
  std::string text;
  for (const auto& [axis, value] : condition)
    text += (text.empty() ? "" : " ") + axis + "=" + value;
  return text;
}

void note(ComparisonRow& row, const std::string& text) {
  if (!text.empty()) row.note = text + (row.note.empty() ? "" : "; ") + row.note;
}

std::string task_of(const Labels& condition) {
  const auto found = condition.find("task");
  return found == condition.end() ? "" : found->second;
}

/// The row of a verdict, and one for each part if there are several.
void add_rows(std::vector<ComparisonRow>& rows, const Verdict& verdict) {
  const auto add = [&](const Difference& difference, const SliceNames& slices, double p,
                       double p_adjusted) -> ComparisonRow& {
    auto& row = rows.emplace_back(row_of(difference, slices, p, p_adjusted));
    row.axis = verdict.axis;
    row.base = verdict.base;
    row.candidate = verdict.candidate;
    row.hypothesis = verdict.name;
    row.margin = verdict.margin;
    return row;
  };
  auto& whole = add(verdict.difference, verdict.slices, verdict.p, verdict.p_adjusted);
  whole.task = verdict.task;
  whole.correction = "holm";
  whole.verdict = verdict.verdict;
  if (verdict.parts.size() > 1) {
    whole.note = "each of " + std::to_string(verdict.parts.size());
    whole.method = "intersection-union";
    whole.p_value = verdict.p;
    whole.p_adjusted = verdict.p_adjusted;
  }
  for (const auto* parts : {&verdict.parts, &verdict.averaged}) {
    if (parts == &verdict.parts && parts->size() == 1) continue;
    for (const auto& part : *parts) {
      auto& row = add(part.difference, part.slices, part.p, part.p);
      row.task = task_of(part.condition);
      row.condition = text_of(part.condition);
      note(row, part.reason);
      note(row, part.label);
      note(row, "part of the claim");
    }
  }
}

}  // namespace

std::vector<ComparisonRow> rows_of(const Comparison& comparison) {
  std::vector<ComparisonRow> rows;
  for (const auto& line : comparison.lines) {
    auto& row = rows.emplace_back(
        row_of(line.difference, line.slices, line.difference.interval.p_value, line.p_adjusted));
    row.axis = comparison.axis;
    row.base = comparison.base;
    row.candidate = line.candidate;
    row.task = line.task();
    row.condition = text_of(line.condition);
    row.correction = "benjamini-hochberg";
    const auto groups = [&] {
      std::string text;
      for (const auto& name : comparison.condition_on)
        text += (text.empty() ? "for these groups only: " : ", ") + name;
      return text;
    };
    note(row, groups());
    note(row, line.averaged);
    if (!comparison.interaction.empty())
      note(row, "difference at " + comparison.interaction + "=" + line.level + " minus that at " +
                    comparison.against);
    if (line.title != line.task()) note(row, line.title);
  }
  for (const auto& verdict : comparison.verdicts)
    add_rows(rows, verdict);
  return rows;
}

}  // namespace earshot::host
