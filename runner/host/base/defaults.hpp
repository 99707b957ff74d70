#pragma once
#include <string>
#include <vector>

namespace earshot::host {

/// What commands use if neither an option nor a more specific variable is given: set once, before
/// the command runs, from the environment and the project file (cli/project.hpp).
struct Defaults {
  std::string results = "results/results.db";
  bool results_named = false;               ///< by a project file or EARSHOT_RESULTS
  std::string cache{};                      ///< "": next to the results file
  std::vector<std::string> plugin_paths{};  ///< searched before the plugins that come with Earshot
};

Defaults& defaults();

}  // namespace earshot::host
