#pragma once
#include <string>
#include <vector>

#include "host/base/failure.hpp"

namespace earshot::host {

/// A subcommand of `runner`, in a file of its own (cli/<name>.cpp) and listed in cli/commands.cpp.
struct Command {
  const char* name;
  const char* summary;  ///< one line for `runner --help`
  /// Runs with the arguments after the name. @throws Failure
  ExitCode (*run)(const std::vector<std::string>& arguments);
};

}  // namespace earshot::host
