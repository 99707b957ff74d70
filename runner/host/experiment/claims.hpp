#pragma once
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/experiment/experiment.hpp"

namespace earshot::host {

/// What a revision in the results file says of how its cells are compared.
struct RecordedClaims {
  Select select{};
  std::vector<Hypothesis> hypotheses{};  ///< axis "" where the file leaves it out
  std::string compare_axis{}, compare_base{};
  std::vector<std::vector<std::string>> zips{};  ///< of all blocks: axes that advance together
  std::set<std::string> tasks_with_dataset{};    ///< whose dataset is not an axis
};

/// Reads what record_plan stored of an experiment file by the rules that read the file itself.
/// Labels are not looked up again.
/// @param where  for messages: "experiment 'rooms' in results.db"
/// @throws Failure (usage) for what a newer runner wrote
RecordedClaims recorded_claims(const Json& resolved, const std::string& where);

/// The axis that has all of `values`: `compared` if it does, else encoder, task, dataset, then the
/// others by name. "" when none has them.
std::string axis_with(const std::vector<std::string>& values, const std::string& compared,
                      std::vector<std::string> axes,
                      const std::function<std::vector<std::string>(const std::string&)>& values_of);

}  // namespace earshot::host
