#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/store/store.hpp"

// Runs as users, plans and the scheduler ask for them, and what is recorded of one.

namespace earshot::host {

/// A run, or a cell that has runs.
struct NamedRun {
  std::int64_t cell = 0;
  std::int64_t run = 0;  ///< 0: any run of the cell
  std::string key{};     ///< of the cell
};

/// The run with this number.
std::optional<NamedRun> run_numbered(const Store& store, std::int64_t number);
/// Cells that have a run and whose key begins so: the first six, in any order.
std::vector<NamedRun> cells_beginning(const Store& store, const std::string& key);

/// One attempt at a cell.
struct Attempt {
  std::int64_t run = 0;
  std::string key{};                      ///< of the cell
  std::int64_t number = 0, attempts = 0;  ///< counted from 1, and how many the cell has
  std::string state{}, error_kind{}, error{};
  std::optional<std::string> log{};  ///< for Store::resolve()
};

/// The last attempt that fits. @param run, attempt  0: any
std::optional<Attempt> find_attempt(const Store& store, std::int64_t cell, std::int64_t run,
                                    std::int64_t attempt);

/// The last one at a cell, which may still run; nothing before the first.
std::optional<Attempt> last_attempt(const Store& store, const std::string& cell_key);

/// What a run was made of and for.
struct RunOrigin {
  std::int64_t run = 0, attempt = 0;
  std::string state{}, key{};        ///< key: of the cell
  std::optional<std::string> log{};  ///< for Store::resolve()
  Json identity{};                   ///< of the cell
  Json provenance{};                 ///< {git, host, runner, plugins, ...}
  /// The experiment that it is shown as part of: the latest revision that has its cell. Without
  /// any, `experiment` is "" and so is the rest.
  std::string experiment{}, file{};
  std::vector<std::string> overrides{};                     ///< of the command line
  std::vector<std::pair<std::string, std::string>> axes{};  ///< of the cell there
};

/// The origin of the run; if `run` is 0, of the cell's ok run or else its last.
std::optional<RunOrigin> origin_of(const Store& store, std::int64_t cell, std::int64_t run);

/// A cell of answers that a system gave elsewhere.
struct ImportedCell {
  std::string system{}, task{};  ///< names; the system's stands on the encoder axis
  std::int64_t seed = 0;
  std::string key{};
  Json identity{};
};

/// In the order of a revision.
std::vector<ImportedCell> imported_cells(const Store& store, std::int64_t revision);

/// Keys of the finished test cells of all revisions of an experiment.
std::set<std::string> finished_keys(const Store& store, const std::string& experiment);

}  // namespace earshot::host
