#pragma once
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "host/analyse/difference.hpp"
#include "host/analyse/verdict.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

struct CompareOptions {
  std::string experiment{};  ///< name, or "name@revision" (see find_revision)
  std::string with{};        ///< the base is another experiment or revision; "": values of an axis
  std::string axis{};        ///< "": that of [compare], else encoder
  std::string base{};        ///< "": that of [compare], else the first value of the axis
  /// One table each, by what its lines are for. Dimensions of slices, labels of items and axes,
  /// several joined by commas: "category", "category,setting", "encoder". None: each condition.
  std::vector<std::string> by{};
  std::vector<std::string> over{};          ///< axes over whose values the mean is taken
  std::vector<std::string> only{};          ///< "encoder=mimi,htsat": these values of an axis alone
  std::string interaction{};                ///< "task" or "task=room": how differences depend on it
  std::vector<std::string> condition_on{};  ///< dimensions of groups taken as they are
  std::string metric{};                     ///< "": the primary one of each task
  bool allow_different_scoring = false;

  /// Whether this is the comparison that the table `comparison` keeps for an axis and a base.
  bool plain() const {
    return with.empty() && over.empty() && only.empty() && interaction.empty() &&
           condition_on.empty();
  }
};

/// One line of a comparison.
struct ComparedLine {
  std::string candidate{};
  Labels condition{};      ///< values of the other axes, without those of the mean
  std::string title{};     ///< what of it tells the line apart: "room", "room mimi task.lr=0.1"
  std::string averaged{};  ///< "mean over encoder: mfcc, log_mel"; or ""
  std::string level{};     ///< of an interaction: the value whose difference is set against another
  std::size_t by = 0;      ///< the table that it is in, of Comparison::by
  SliceNames slices{};
  Difference difference{};
  double p_adjusted = 1;  ///< Benjamini-Hochberg over all lines that have an interval

  /// The interval leaves out 0 and p_adjusted is below 0.05.
  bool significant() const;
  std::string task() const;  ///< "" over several, and where tasks are what is compared
};

struct Comparison {
  std::string experiment{};
  std::string axis{};         ///< "": two experiments or revisions
  std::string base{};         ///< the value, experiment or revision that all are compared with
  std::string against{};      ///< of an interaction: the value of `interaction` set against
  std::string interaction{};  ///< axis, or ""
  std::vector<std::vector<std::string>> by{{}};  ///< of each table its dimensions of slices
  std::vector<std::string> condition_on{};
  std::string metric{};                ///< "": the primary one of each task
  std::vector<std::string> columns{};  ///< axes that tell conditions apart
  std::vector<ComparedLine> lines{};
  std::vector<Verdict> verdicts{};
  std::vector<std::string> remarks{};  ///< about all of it: values that have no partner
  /// For encoders with weights: "mimi: hf://kyutai/mimi, trained on speech; in domain: digits".
  /// For datasets that declare it: "reference answers of reasonaqa: 12 % audio, 88 % caption".
  std::vector<std::string> provenance{};
};

/// Compares all values of an axis with one of them, within one revision of an experiment, or two
/// revisions with each other. Each condition (the values of all axes but the compared one, seed and
/// fold) has a line of its own; a mean over some is taken where `over` asks for it.
/// @throws Failure (usage): an unknown experiment, axis, value, dimension or metric, with the
/// nearest
Comparison compare(const Store& store, const CompareOptions& options);

/// The same of designs and observations that need not come from a results file; without provenance.
/// @param other  of options.with
Comparison compare(Design design, std::optional<Design> other, const Observations& observations,
                   const CompareOptions& options);

/// What is known of the weights and the right answers that numbers rest on.
std::vector<std::string> provenance_lines(const std::vector<EncoderWeights>& weights,
                                          const std::vector<AnswerOrigins>& answers);

/// Rows for Store::record_comparisons.
std::vector<ComparisonRow> rows_of(const Comparison& comparison);

/// The table, what its marks mean, what is missing, and the verdicts, for people; `markdown` as a
/// Markdown table. @param width  of the terminal, 0: any
void print(std::ostream& out, const Comparison& comparison, bool markdown, std::size_t width = 0);

}  // namespace earshot::host
