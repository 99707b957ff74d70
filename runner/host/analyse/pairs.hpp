#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/analyse/design.hpp"

namespace earshot::host {

/// Two finished runs that differ only in what is compared.
struct PairOfRuns {
  std::int64_t base = 0, candidate = 0;  ///< ids of the runs
  std::int64_t seed = 0, fold = 0;
};

/// The subject of one line of a comparison: pairs of runs that differ from each other only in seed
/// and fold. There is one pair for each seed and fold.
struct Condition {
  std::string base{}, candidate{};  ///< names of the sides
  /// Values of all axes except the compared one, seed and fold; including axes that one side lacks.
  Labels axes{};
  std::string primary{};                      ///< metric
  std::int64_t dataset_id = 0, position = 0;  ///< position: of the first cell in the experiment
  std::vector<PairOfRuns> pairs{};            ///< finished, by seed and fold
  std::int64_t planned = 0;                   ///< pairs both of whose cells are in the experiment
  std::int64_t missing = 0;                   ///< planned pairs that are not finished
  std::string problem{};  ///< why the sides cannot be compared: "different datasets ..."; or ""
  std::string
      scoring{};  ///< how their scoring differed: "letter (blind) and auto (hearing)"; or ""
  std::vector<std::string> notes{};  ///< other differences between the sides

  std::string task() const;  ///< "" if tasks are compared
};

/// The cells of the two sides, and how the sides differ.
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
/// Cells form a pair if they have equal values on all axes except the compared one, the axes along
/// which [select] chose, and partners of the compared axis in a zip, which differ with it. A side
/// whose cells have no value on an axis is paired with every value that the other side has there: a
/// baseline with each level of a codec. A side with only one seed is paired with each seed of the
/// other.
std::vector<Condition> paired_conditions(const Sides& sides);

}  // namespace earshot::host
