#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/store/selected_rows.hpp"

// The experiments of a results file and their revisions.

namespace earshot::host {

/// The file of an experiment, as kept in the results.
struct ExperimentFile {
  std::string file{}, source{};  ///< its path as it was given, and its text
};

/// The file of the latest revision of that name; nothing if there is none.
std::optional<ExperimentFile> latest_file(const Store& store, const std::string& experiment);

struct Revision {
  std::int64_t id = 0;
  std::string hash{};
  bool latest = false;
  std::int64_t created_ms = 0;  ///< milliseconds since 1970, in UTC, when it was first seen
};

/// In the order in which they were first seen.
std::vector<Revision> revisions_of(const Store& store, const std::string& experiment);

/// A revision after extends, --set and ${...}.
struct ResolvedExperiment {
  std::string name{};
  Json resolved{};
  std::string place{};  ///< "experiment 'ablation' in results.db", for messages
};

/// @param revision  id of one that there is
/// @throws Failure (store_unusable) where the file holds what is not valid JSON
ResolvedExperiment resolved_experiment(const Store& store, std::int64_t revision);

/// Keys of the cells that a revision has and that can run.
std::set<std::string> cell_keys(const Store& store, std::int64_t revision);

/// Each experiment with its revisions, cells and finished cells, by name.
Rows experiment_table(const Store& store);
/// The same of the revisions of one, which count from 1 in the order in which they were first seen.
Rows revision_table(const Store& store, const std::string& experiment);

}  // namespace earshot::host
