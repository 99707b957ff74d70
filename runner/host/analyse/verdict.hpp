#pragma once
#include <string>
#include <vector>

#include "host/analyse/difference.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// One of the comparisons that a claim is about: a task, a slice, a value of another axis.
struct ClaimPart {
  std::string label{};  ///< "room", "room mimi, category speech"; what tells it from the others
  Labels condition{};
  SliceNames slices{};
  Difference difference{};
  bool holds = false;    ///< the estimate agrees with the claim
  double p = 1;          ///< of the claim here: two-sided, and of equivalence that of TOST
  double p_beyond = 1;   ///< of equivalence: that the difference is beyond the margin
  std::string state{};   ///< "", or why it decides nothing: undecided, not testable, saturated
  std::string reason{};  ///< in words

  /// Has an interval and nothing that forbids to use it.
  bool usable() const { return state.empty(); }
};

/// What came of a [[hypothesis]].
struct Verdict {
  std::string name{}, claim{};
  std::string verdict{};   ///< supported, contradicted, undecided, not testable, saturated
  std::string sentence{};  ///< "acoustics (mimi > htsat in room): supported, ..."
  std::vector<std::string> details{};  ///< a line for each task, slice ...; none where there is one
  std::string axis{}, base{}, candidate{};
  std::string task{};  ///< "" over several
  SliceNames slices{};
  /// What the claim is about: each of them must hold. One for a claim about a mean.
  std::vector<ClaimPart> parts{};
  std::vector<ClaimPart> averaged{};  ///< those that the mean is taken of; shown, never tested
  Difference difference{};            ///< of the only part; without numbers over several
  double p = 1, p_adjusted = 1;       ///< Holm over the experiment's hypotheses
  double p_beyond = 1;                ///< of equivalence, adjusted
  double margin = 0;
};

/// The verdicts on an experiment's hypotheses, in the order of the file. A claim `a > b` says that
/// a is better than b by more than `margin`, whichever way the metric points; `a = b` that they
/// differ by less than `margin`, by two one-sided tests.
///
/// A claim is about every condition that its tasks, slices and the other axes of the experiment
/// give, unless `over` and `average` ask for a mean. It is supported when each of them shows it
/// (the intersection-union test, Berger 1982: p is the largest, and needs no correction),
/// contradicted when one of them shows the opposite (p is the smallest of those, times the number
/// of conditions). So each verdict is wrong in at most 5 %. p-values are adjusted after Holm, over
/// all hypotheses.
std::vector<Verdict> verdicts(const Design& design, const Observations& observations);
std::vector<Verdict> verdicts(const Store& store, const std::string& experiment);

/// Their sentences with the lines of their parts, for the end of a run; empty without hypotheses.
std::vector<std::string> verdict_lines(const Store& store, const std::string& experiment);
std::vector<std::string> lines_of(const std::vector<Verdict>& verdicts);

}  // namespace earshot::host
