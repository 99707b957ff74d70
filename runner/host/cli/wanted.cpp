#include "host/cli/wanted.hpp"

#include <vector>

#include "host/base/arguments.hpp"
#include "host/base/failure.hpp"
#include "host/store/run_lookup.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

bool all_of(const std::string& text, const char* allowed) {
  return text.find_first_not_of(allowed) == std::string::npos;
}

std::vector<NamedRun> runs_called(const Store& store, const std::string& text) {
  if (text.size() >= 8 || !all_of(text, "0123456789")) return cells_beginning(store, text);
  const auto run = run_numbered(store, std::stoll(text));
  return run ? std::vector{*run} : std::vector<NamedRun>();
}

}  // namespace

Wanted find_wanted(const Store& store, const std::string& command, const std::string& text) {
  if (text.empty()) refuse_usage(command, "CELL or RUN is missing");
  std::vector<NamedRun> found;
  if (all_of(text, "0123456789abcdef")) found = runs_called(store, text);
  if (found.empty())
    throw Failure(ExitCode::usage, "runner " + command + ": no run '" + text +
                                       "'; expected a run number or the first characters of a cell "
                                       "key. 'runner status EXPERIMENT --cells' shows the keys");
  if (found.size() == 1) return {found.front().cell, found.front().run};
  std::vector<std::string> keys;
  for (const auto& cell : found)
    keys.push_back(cell.key.substr(0, 16));
  throw Failure(ExitCode::usage, "runner " + command + ": several cells begin with '" + text +
                                     "': " + protocol::join(keys) +
                                     ". Give more characters of the key");
}

}  // namespace earshot::host
