#pragma once
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "host/analyse/difference.hpp"
#include "host/analyse/verdict.hpp"
#include "host/base/table.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

struct CompareOptions {
  std::string experiment{};  ///< name, or "name@revision" (see find_revision)
  std::string with{};        ///< the base is another experiment or revision; "": values of an axis
  std::string axis{};        ///< "": that of [compare], otherwise encoder
  std::string base{};        ///< "": that of [compare], otherwise the first value of the axis
  /// One table for each entry, with one line per value of it. Dimensions of slices, labels of
  /// items, and axes, joined by commas if there are several: "category", "category,setting",
  /// "encoder". Empty: one line per condition.
  std::vector<std::string> by{};
  std::vector<std::string> over{};          ///< axes over whose values the mean is taken
  std::vector<std::string> only{};          ///< "encoder=mimi,htsat": only these values of an axis
  std::string interaction{};                ///< "task" or "task=room": how differences depend on it
  std::vector<std::string> condition_on{};  ///< dimensions of groups that are taken as given
  std::string metric{};                     ///< "": the primary metric of each task
  bool allow_different_scoring = false;

  /// Whether this is the comparison that the table `comparison` stores for an axis and a base.
  bool plain() const {
    return with.empty() && over.empty() && only.empty() && interaction.empty() &&
           condition_on.empty();
  }
};

/// One line of a comparison.
struct ComparedLine {
  std::string candidate{};
  Labels condition{};      ///< values of the other axes, without those of the mean
  std::string title{};     ///< what distinguishes the line: "room", "room mimi task.lr=0.1"
  std::string averaged{};  ///< "mean over encoder: mfcc, log_mel"; or ""
  std::string level{};     ///< for an interaction: the value compared with the reference value
  std::size_t by = 0;      ///< index of its table in Comparison::by
  SliceNames slices{};
  Difference difference{};
  double p_adjusted = 1;  ///< Benjamini-Hochberg over all lines that have an interval

  /// The interval excludes 0 and p_adjusted is below 0.05.
  bool significant() const;
  std::string task() const;  ///< "" for several tasks, and if tasks are compared
};

struct Comparison {
  std::string experiment{};
  std::string axis{};         ///< "": two experiments or revisions
  std::string base{};         ///< the value, experiment or revision to compare with
  std::string against{};      ///< for an interaction: the reference value of `interaction`
  std::string interaction{};  ///< axis, or ""
  std::vector<std::vector<std::string>> by{{}};  ///< dimensions of slices of each table
  std::vector<std::string> condition_on{};
  std::string metric{};                ///< "": the primary metric of each task
  std::vector<std::string> columns{};  ///< axes that distinguish conditions
  std::vector<ComparedLine> lines{};
  std::vector<Verdict> verdicts{};
  std::vector<std::string> remarks{};  ///< on the whole comparison: values without a partner
  /// For encoders with weights: "mimi: hf://kyutai/mimi, trained on speech; in domain: digits".
  /// For datasets that declare it: "reference answers of reasonaqa: 12 % audio, 88 % caption".
  std::vector<std::string> provenance{};
};

/// Compares all values of an axis with one of them, within one revision of an experiment, or two
/// revisions with each other. Each condition (the values of all axes except the compared one, seed
/// and fold) has its own line; `over` asks for means over some axes.
/// @throws Failure (usage): an unknown experiment, axis, value, dimension or metric, with the
/// nearest known name
Comparison compare(const Store& store, const CompareOptions& options);

/// The same for designs and observations that need not come from a results file; without
/// provenance.
/// @param other  the design of options.with
Comparison compare(Design design, std::optional<Design> other, const Observations& observations,
                   const CompareOptions& options);

/// What is known about the weights and reference answers on which the numbers rest.
std::vector<std::string> provenance_lines(const std::vector<EncoderWeights>& weights,
                                          const std::vector<AnswerOrigins>& answers);

/// Rows for Store::record_comparisons.
std::vector<ComparisonRow> rows_of(const Comparison& comparison);

/// Prints the table, the meaning of its marks, what is missing, and the verdicts, for people.
/// Tables of documents show how values stand (Standing), and say n, seeds and test in their
/// captions; in LaTeX, everything else is a comment.
/// @param format  table, or one of a document. @param width  of the terminal, 0: unlimited
void print(std::ostream& out, const Comparison& comparison, Format format, std::size_t width = 0);

}  // namespace earshot::host
