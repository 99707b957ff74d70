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
  std::string question{};
  std::vector<std::string> overrides{};  ///< those of the command line
};

/// The file of the latest revision with this name; nullopt if there is none.
std::optional<ExperimentFile> latest_file(const Store& store, const std::string& experiment);

struct Revision {
  std::int64_t id = 0;
  std::string hash{};
  bool latest = false;
  std::int64_t created_ms = 0;  ///< milliseconds since 1970, in UTC, when it was first seen
};

/// All revisions, in the order in which they were first seen.
std::vector<Revision> revisions_of(const Store& store, const std::string& experiment);

/// The resolved TOML of a revision, after extends, --set and ${...}.
struct ResolvedExperiment {
  std::string name{};
  Json resolved{};
  std::string place{};  ///< "experiment 'ablation' in results.db", for messages
};

/// @param revision  id of an existing revision
/// @throws Failure (store_unusable) if the file contains invalid JSON
ResolvedExperiment resolved_experiment(const Store& store, std::int64_t revision);

/// Keys of the cells of a revision that can run.
std::set<std::string> cell_keys(const Store& store, std::int64_t revision);

/// The names of the experiments whose latest revision uses the dataset with this key, sorted.
std::vector<std::string> experiments_on(const Store& store, const std::string& dataset_key);

/// The names of all experiments, sorted.
std::vector<std::string> experiment_names(const Store& store);
/// A row for each experiment, by name, with its numbers of revisions, cells and finished cells.
Rows experiment_table(const Store& store);
/// A row for each revision of an experiment, counted from 1 in the order in which they were first
/// seen.
Rows revision_table(const Store& store, const std::string& experiment);

}  // namespace earshot::host
