#pragma once
#include <string>
#include <vector>

#include "host/analyse/compare.hpp"
#include "host/analyse/design.hpp"
#include "host/analyse/observations.hpp"
#include "host/analyse/verdict.hpp"
#include "host/report/page_data.hpp"

// The parts of a report's data, each from what it needs.

namespace earshot::host {

/// An experiment as comparisons see it.
struct Subject {
  const Store& store;
  const std::string& name;
  std::int64_t revision = 0;
  const Design& design;
  const Observations& observations;
};

/// The difference, without label and role.
ReportedDifference reported(const Difference& difference);
ReportedDifference reported(const ComparedLine& line, const std::string& base);

/// Null unless it is finite.
OrNull<double> finite(double value);

/// Why an encoder is a control: a hypothesis names it as one (and none compares it, if it is a
/// positive control), its weights are untrained, or it is of the plugin `controls`, whose encoders
/// have learnt nothing; "" if it is none.
std::string control_reason(const Design& design, const DesignCell& cell);

/// Claims with verdicts, and the comparison that `runner compare` makes without options.
/// @returns the verdicts
std::vector<Verdict> add_claims(ReportedExperiment& report, const Subject& subject);

/// Rows, columns, scores, slices, costs, curves and samples, which belong to cells.
void add_grid(ReportedExperiment& report, const Subject& subject);

/// The standings of the scores: each column's rows are compared with its best row, as by
/// `runner compare EXPERIMENT --base BEST --only task=TASK`.
/// @param rows     the axes of each row
/// @param columns  the column of each cell of the design, in its order
void add_standings(ReportedExperiment& report, const Subject& subject,
                   const std::vector<Labels>& rows, const std::vector<std::size_t>& columns);

/// Dots of probe gaps against question gaps, if the experiment has probes and questions: encoders
/// are compared with the base of [compare], or the first, as by `runner compare EXPERIMENT --axis
/// encoder --by DIMENSION`; probes of one dataset and metric also with `--over task`. Uses columns
/// and slices of the report.
void add_gaps(ReportedExperiment& report, const Subject& subject);

/// What the rows and columns of the report are, from the identities of their cells.
void add_configurations(ReportedExperiment& report, const Subject& subject);

/// What the results file knows about whether the numbers mean what they seem to mean: controls,
/// saturated and untestable tasks, groups that test items share with others, origin of the
/// reference answers, training data of the encoders. Uses scores, columns and comparison of the
/// report.
void add_audit(ReportedExperiment& report, const Subject& subject,
               const std::vector<Verdict>& verdicts);

/// File, circumstances, data, cost and failures.
void add_provenance(ReportedExperiment& report, const Subject& subject);

}  // namespace earshot::host
