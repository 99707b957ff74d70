#pragma once
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "host/experiment/experiment.hpp"

// The claims of an experiment, and how its cells are to be compared, as the results file keeps
// them.

namespace earshot::host {

/// ">", "<" or "="
void to_json(Json& json, Relation relation);
/// @throws protocol::ProtocolError
void from_json(const Json& json, Relation& relation);

EARSHOT_FIELDS(Select, over, by)
EARSHOT_FIELDS(Hypothesis, name, claim, axis, candidate, relation, base, metric, tasks, slices,
               mean, average, allow_different_scoring, margin, positive_control, blind_control)

/// What comparisons need to know of an experiment file; kept with each of its revisions.
struct Claims {
  Select select{};
  std::vector<Hypothesis> hypotheses{};  ///< an axis of "" is determined from the cells
  std::string compare_axis{}, compare_base{};
  /// Axes that advance together, those of all blocks.
  std::vector<std::vector<std::string>> zips{};
  std::set<std::string> tasks_with_dataset{};  ///< tasks whose dataset is not an axis
};
EARSHOT_FIELDS(Claims, select, hypotheses, compare_axis, compare_base, zips, tasks_with_dataset)

Claims claims_of(const Experiment& experiment);

/// The claims with a version, for the results file.
Json to_record(const Claims& claims);
/// Reads what to_record() returned.
/// @param where  for messages: "experiment 'rooms' in results.db"
/// @throws Failure (usage) for null, or if another version wrote it: the experiment must be run
/// again
Claims claims_in(const Json& record, const std::string& where);

/// The axis that has all of `values`: `compared` if it does, else encoder, task, dataset, then the
/// others by name. "" if no axis has them.
std::string axis_with(const std::vector<std::string>& values, const std::string& compared,
                      std::vector<std::string> axes,
                      const std::function<std::vector<std::string>(const std::string&)>& values_of);

}  // namespace earshot::host
