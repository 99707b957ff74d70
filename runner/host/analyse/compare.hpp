#pragma once
#include <iosfwd>
#include <string>
#include <vector>

#include "host/analyse/difference.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

struct CompareOptions {
  std::string experiment{};  ///< name
  std::string axis{};        ///< "": that of [compare], else encoder
  std::string base{};        ///< "": that of [compare], else the first value of the axis
  std::string by{};          ///< a slice dimension; "" or "task": all items of each task
  std::string metric{};      ///< "": the primary one of each task
};

/// One line of a comparison.
struct ComparedLine {
  std::string candidate{};
  std::string condition{};  ///< "room", or with what else tells conditions of a task apart
  std::string task{};
  SliceNames slices{};  ///< none or one
  Difference difference{};
  double p_adjusted = 1;  ///< Benjamini-Hochberg over all lines that have an interval
  /// The interval leaves out 0 and p_adjusted is below 0.05.
  bool significant() const;
};

/// What came of a [[hypothesis]].
struct Verdict {
  std::string name{}, claim{};
  std::string verdict{};   ///< supported, contradicted, undecided, not testable or saturated
  std::string sentence{};  ///< "acoustics: supported. ..."
  std::string axis{}, base{}, candidate{}, task{};  ///< task "" over several
  SliceNames slices{};
  Difference difference{};
  double p = 1, p_adjusted = 1;  ///< Holm over the experiment's hypotheses
  double margin = 0;
};

struct Comparison {
  std::string experiment{}, axis{}, base{}, by{};
  std::string metric{};  ///< "": the primary one of each task
  std::vector<ComparedLine> lines{};
  std::vector<Verdict> verdicts{};
  /// Of encoders with weights: "mimi: hf://kyutai/mimi, trained on speech; in domain: digits".
  /// Of datasets that tell: "gold of reasonaqa: 12 % audio, 88 % caption".
  std::vector<std::string> provenance{};
};

/// Compares all values of an axis with one of them, on the latest revision of an experiment.
/// @throws Failure (usage): an unknown experiment, axis, value, dimension or metric, with the
/// nearest
Comparison compare(const Store& store, const CompareOptions& options);

/// The verdicts on an experiment's hypotheses, in the order of the file. A claim `a > b` says that
/// a is better than b by more than `margin`, whichever way the metric points; `a = b` that they
/// differ by less than `margin`, by two one-sided tests. Over several tasks it is about the mean of
/// their differences. p-values are adjusted after Holm, over all hypotheses.
std::vector<Verdict> verdicts(const Store& store, const std::string& experiment);

/// Their sentences, for the end of a run; empty without hypotheses.
std::vector<std::string> verdict_lines(const Store& store, const std::string& experiment);

/// Rows for Store::record_comparisons.
std::vector<ComparisonRow> rows_of(const Comparison& comparison);

/// The table, what its marks mean, what is missing, and the verdicts, for people; `markdown` as a
/// Markdown table.
void print(std::ostream& out, const Comparison& comparison, bool markdown);

}  // namespace earshot::host
