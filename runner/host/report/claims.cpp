#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>

#include "host/analyse/verdict.hpp"
#include "host/report/parts.hpp"

namespace earshot::host {
namespace {

void add_note(ReportedDifference& row, const std::string& note) {
  if (!note.empty()) row.note += (row.note.empty() ? "" : "; ") + note;
}

/// One part of a claim. Without an own label it is the whole.
ReportedDifference reported_part(const ClaimPart& part, const std::string& role,
                                 const Verdict& verdict) {
  auto row = reported(part.difference);
  row.label = part.label;
  row.role = role;
  row.base = verdict.base;
  row.candidate = verdict.candidate;
  if (part.difference.interval.defined()) row.p = part.p;
  if (!part.reason.empty() && part.difference.interval.defined()) row.note = part.reason;
  return row;
}

/// The comparisons that claims need, each made once.
class Comparisons {
 public:
  explicit Comparisons(const Subject& subject) : subject_(subject) {}

  const Comparison& with(const std::string& axis, const std::string& base,
                         const std::string& metric) {
    const std::tuple key(axis, base, metric);
    const auto [place, fresh] = made_.try_emplace(key);
    if (fresh) {
      auto design = subject_.design;
      design.claims.hypotheses.clear();  // their verdicts are known
      place->second =
          compare(std::move(design), {}, subject_.observations,
                  {.experiment = subject_.name, .axis = axis, .base = base, .metric = metric});
    }
    return place->second;
  }

 private:
  const Subject& subject_;
  std::map<std::tuple<std::string, std::string, std::string>, Comparison> made_{};
};

bool is_value(const Design& design, const std::string& axis, const std::string& value) {
  const auto values = design.axis_values(axis);
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// The controls in the tasks of a claim about encoders, compared with its base.
void add_controls(ReportedClaim& claim, const Verdict& verdict, const Hypothesis& hypothesis,
                  const Subject& subject, Comparisons& comparisons) {
  if (verdict.axis != "encoder" || !is_value(subject.design, "encoder", verdict.base)) return;
  std::map<std::string, std::string> controls;
  for (const auto& cell : subject.design.cells)
    if (const auto own = cell.axes.find("encoder"); own != cell.axes.end())
      if (const auto why = control_reason(subject.design, cell); !why.empty())
        controls.emplace(own->second, why);
  for (const auto* side : {&verdict.base, &verdict.candidate})
    controls.erase(*side);
  if (controls.empty()) return;
  const auto& tasks = hypothesis.tasks;
  for (const auto& line : comparisons.with("encoder", verdict.base, hypothesis.metric).lines) {
    const auto why = controls.find(line.candidate);
    const bool asked =
        tasks.empty() || std::find(tasks.begin(), tasks.end(), line.task()) != tasks.end();
    if (why == controls.end() || !asked) continue;
    auto row = reported(line, verdict.base);
    row.role = "control";
    row.label = line.candidate + (line.title.empty() ? "" : " in " + line.title);
    add_note(row, why->second);
    claim.differences.push_back(std::move(row));
  }
}

ReportedClaim reported_claim(const Verdict& verdict, const Hypothesis& hypothesis) {
  ReportedClaim claim{.name = verdict.name,
                      .claim = verdict.claim,
                      .relation = hypothesis.relation == Relation::equal    ? "="
                                  : hypothesis.relation == Relation::better ? ">"
                                                                            : "<",
                      .verdict = verdict.verdict,
                      .sentence = verdict.sentence,
                      .base = verdict.base,
                      .candidate = verdict.candidate,
                      .margin = verdict.margin};
  if (verdict.parts.size() == 1) {
    auto whole = reported_part(verdict.parts.front(), "whole", verdict);
    if (whole.label.empty() || !verdict.averaged.empty())
      whole.label = verdict.averaged.empty() ? verdict.claim : "mean";
    if (whole.p) whole.p = verdict.p_adjusted;
    claim.differences.push_back(std::move(whole));
  } else {
    for (const auto& part : verdict.parts)
      claim.differences.push_back(reported_part(part, "part", verdict));
  }
  for (const auto& part : verdict.averaged)
    claim.differences.push_back(reported_part(part, "averaged", verdict));
  return claim;
}

}  // namespace

OrNull<double> finite(double value) {
  if (!std::isfinite(value)) return {};
  return value;
}

ReportedDifference reported(const Difference& difference) {
  const auto& interval = difference.interval;
  ReportedDifference row{.metric = difference.metric,
                         .unit = difference.unit,
                         .higher_is_better = difference.higher_is_better,
                         .delta = finite(interval.estimate),
                         .base_value = finite(difference.base),
                         .candidate_value = finite(difference.candidate),
                         .items = difference.items,
                         .groups = difference.groups,
                         .seeds = difference.seeds,
                         .missing = difference.missing};
  if (interval.defined()) {
    row.low = finite(interval.low);
    row.high = finite(interval.high);
  } else {
    row.note = "no interval: " + interval.missing;
  }
  for (const auto& note : difference.notes)
    add_note(row, note);
  return row;
}

ReportedDifference reported(const ComparedLine& line, const std::string& base) {
  auto row = reported(line.difference);
  row.label = line.title;
  row.role = "line";
  row.base = base;
  row.candidate = line.candidate;
  if (line.difference.interval.defined()) row.p = finite(line.p_adjusted);
  row.significant = line.significant();
  return row;
}

std::string control_reason(const Design& design, const DesignCell& cell) {
  const auto own = cell.axes.find("encoder");
  if (own == cell.axes.end()) return "uses no encoder";
  const auto& encoder = own->second;
  const auto& claims = design.claims.hypotheses;
  const bool competes = std::any_of(claims.begin(), claims.end(), [&](const auto& claim) {
    return encoder == claim.candidate || encoder == claim.base;
  });
  for (const auto& claim : claims) {
    if (encoder == claim.blind_control) return "blind control of " + claim.name;
    if (encoder == claim.positive_control && !competes) return "positive control of " + claim.name;
  }
  if (cell.weights == "random") return "untrained weights";
  return cell.component.starts_with("controls/") ? "has learnt nothing (" + cell.component + ")"
                                                 : "";
}

std::vector<Verdict> add_claims(ReportedExperiment& report, const Subject& subject) {
  Comparisons comparisons(subject);
  const auto& hypotheses = subject.design.claims.hypotheses;
  auto judged = verdicts(subject.design, subject.observations);
  for (std::size_t i = 0; i < judged.size(); ++i) {
    report.claims.push_back(reported_claim(judged[i], hypotheses[i]));
    add_controls(report.claims.back(), judged[i], hypotheses[i], subject, comparisons);
  }
  const auto axis = subject.design.claims.compare_axis.empty() ? std::string("encoder")
                                                               : subject.design.claims.compare_axis;
  if (subject.design.axis_values(axis).size() < 2) return judged;
  const auto& plain = comparisons.with("", "", "");
  report.comparison.axis = plain.axis;
  report.comparison.base = plain.base;
  for (const auto& line : plain.lines)
    report.comparison.lines.push_back(reported(line, plain.base));
  report.comparison.remarks = plain.remarks;
  const auto known = provenance_lines(encoder_weights(subject.store, subject.revision),
                                      answer_origins(subject.store, subject.revision));
  report.comparison.remarks.insert(report.comparison.remarks.end(), known.begin(), known.end());
  return judged;
}

}  // namespace earshot::host
