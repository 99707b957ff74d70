#pragma once
#include <string>
#include <vector>

#include "host/analyse/difference.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// One of the comparisons that a claim is about: in a task, a slice, or for a value of another
/// axis.
struct ClaimPart {
  std::string label{};  ///< "room", "room mimi, category speech"; distinguishes it from the others
  Labels condition{};
  SliceNames slices{};
  Difference difference{};
  bool holds = false;    ///< the estimate agrees with the claim
  double p = 1;          ///< of the claim for this part: two-sided, or by TOST for equivalence
  double p_beyond = 1;   ///< for equivalence: p-value of the difference being beyond the margin
  std::string state{};   ///< "", or why it decides nothing: undecided, not testable, saturated
  std::string reason{};  ///< explains the state

  /// Whether there is an interval and no reason against using it.
  bool usable() const { return state.empty(); }
};

/// The result of a [[hypothesis]].
struct Verdict {
  std::string name{}, claim{};
  std::string verdict{};   ///< supported, contradicted, undecided, not testable, saturated
  std::string sentence{};  ///< "acoustics (mimi > htsat in room): supported, ..."
  std::vector<std::string> details{};  ///< a line for each task, slice ...; empty if only one
  std::string axis{}, base{}, candidate{};
  std::string task{};  ///< "" if there are several
  SliceNames slices{};
  /// What the claim is about: every part must hold. A single part for a claim about a mean.
  std::vector<ClaimPart> parts{};
  std::vector<ClaimPart> averaged{};  ///< parts that the mean is taken over; never tested
  Difference difference{};            ///< of the only part; without numbers if there are several
  double p = 1, p_adjusted = 1;       ///< Holm-adjusted over the experiment's hypotheses
  double p_beyond = 1;                ///< for equivalence, adjusted
  double margin = 0;
};

/// Whether both sides of a metric between 0 and 1 are so near its best that they have no room to
/// differ: above 0.97.
bool saturated(const Difference& difference);

/// The verdicts on an experiment's hypotheses, in the order of the file. A claim `a > b` says that
/// a is better than b by more than `margin`, in the metric's direction of improvement; `a = b` says
/// that they differ by less than `margin`, by two one-sided tests.
///
/// A claim is about every condition given by its tasks, its slices and the other axes of the
/// experiment, unless `over` and `average` ask for a mean. It is supported if each of them shows it
/// (the intersection-union test, Berger 1982: p is the largest, and needs no correction),
/// contradicted if one of them shows the opposite (p is the smallest of those, times the number of
/// conditions). Thus each verdict is wrong in at most 5 % of cases. p-values are adjusted by Holm's
/// method over all hypotheses.
std::vector<Verdict> verdicts(const Design& design, const Observations& observations);
std::vector<Verdict> verdicts(const Store& store, const std::string& experiment);

/// The sentences of the verdicts with the lines of their parts, for the end of a run; empty without
/// hypotheses.
std::vector<std::string> verdict_lines(const Store& store, const std::string& experiment);
std::vector<std::string> lines_of(const std::vector<Verdict>& verdicts);

}  // namespace earshot::host
