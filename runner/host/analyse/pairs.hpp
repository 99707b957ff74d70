#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/analyse/design.hpp"

namespace earshot::host {

/// Two finished runs that differ in nothing but what is compared.
struct PairOfRuns {
  std::int64_t base = 0, candidate = 0;  ///< ids of the runs
  std::int64_t seed = 0, fold = 0;
};

/// What one line of a comparison is about: pairs of runs that differ from each other in seed and
/// fold only. A seed and fold has one pair.
struct Condition {
  std::string base{}, candidate{};  ///< what the sides are called
  /// Values of all axes but the compared one, seed and fold; also of those that one side lacks.
  Labels axes{};
  std::string primary{};                      ///< metric
  std::int64_t dataset_id = 0, position = 0;  ///< position: of the first cell in the experiment
  std::vector<PairOfRuns> pairs{};            ///< finished, by seed and fold
  std::int64_t planned = 0;                   ///< pairs whose cells are both in the experiment
  std::int64_t missing = 0;                   ///< planned pairs that are not finished
  std::string problem{};  ///< why the sides cannot be compared: "different datasets ..."; or ""
  std::string
      scoring{};  ///< how differently they were scored: "letter (blind) and auto (hearing)"; or ""
  std::vector<std::string> notes{};  ///< in what else the sides differ

  std::string task() const;  ///< "" where tasks are what is compared
};

/// The cells on the two sides, and how they differ.
struct Sides {
  const Design* base = nullptr;
  const Design* candidate = nullptr;
  std::string axis{};  ///< "": two experiments, or two revisions of one
  std::string base_value{}, candidate_value{};

  std::string base_name() const { return axis.empty() ? base->name : base_value; }
  std::string candidate_name() const { return axis.empty() ? candidate->name : candidate_value; }
};

/// The values of one axis, within one experiment.
Sides along(const Design& design, const std::string& axis, const std::string& base,
            const std::string& candidate);

/// All pairs that the experiment plans, by condition, in its order.
///
/// Cells pair that have equal values on all axes but the compared one. Excepted are the axes that
/// [select] chose along, and partners of the compared axis in a zip, which differ with it. A side
/// that has no value on an axis in cells like these is paired with every value that the other side
/// has there: a baseline with each level of a codec. A side with only one seed is paired with
/// each seed of the other.
std::vector<Condition> paired_conditions(const Sides& sides);

}  // namespace earshot::host
