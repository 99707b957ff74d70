#include "host/cli/wanted.hpp"

#include <vector>

#include "host/base/arguments.hpp"
#include "host/base/failure.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

bool all_of(const std::string& text, const char* allowed) {
  return text.find_first_not_of(allowed) == std::string::npos;
}

Statement runs_of(const Store& store, const std::string& text) {
  if (text.size() < 8 && all_of(text, "0123456789")) {
    Statement run(store.connection(), "SELECT cell_id, run_id FROM run WHERE run_id = ?");
    run.bind_all(std::int64_t{std::stoll(text)});
    return run;
  }
  Statement cells(store.connection(),
                  "SELECT cell_id, 0, substr(key, 1, 16) FROM cell WHERE key >= ?1 AND "
                  "key < ?1 || 'g' AND EXISTS (SELECT 1 FROM run WHERE run.cell_id = cell.cell_id) "
                  "LIMIT 6");
  cells.bind_all(text);
  return cells;
}

}  // namespace

Wanted find_wanted(const Store& store, const std::string& command, const std::string& text) {
  if (text.empty()) refuse_usage(command, "a cell or a run is missing");
  std::vector<std::string> keys;
  Wanted wanted;
  if (all_of(text, "0123456789abcdef"))
    for (auto found = runs_of(store, text); found.step();) {
      wanted = {found.integer(0), found.integer(1)};
      keys.push_back(wanted.run != 0 ? "" : found.text(2));
    }
  if (keys.empty())
    throw Failure(ExitCode::usage, "runner " + command + ": no run '" + text +
                                       "'; expected the number of a run, or how the key of a cell "
                                       "begins. 'runner status EXPERIMENT --cells' shows keys");
  if (keys.size() > 1)
    throw Failure(ExitCode::usage, "runner " + command + ": several cells begin with '" + text +
                                       "': " + protocol::join(keys) + ". give more of the key");
  return wanted;
}

}  // namespace earshot::host
