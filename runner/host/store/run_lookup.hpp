#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/store/store.hpp"

// Look-ups of runs for users, plans and the scheduler, and the record of a run.

namespace earshot::host {

/// A run, or a cell that has runs.
struct NamedRun {
  std::int64_t cell = 0;
  std::int64_t run = 0;  ///< 0: any run of the cell
  std::string key{};     ///< of the cell
};

/// The run with this number.
std::optional<NamedRun> run_numbered(const Store& store, std::int64_t number);
/// Up to six cells that have a run and whose key begins with this text, in any order.
std::vector<NamedRun> cells_beginning(const Store& store, const std::string& key);

/// One attempt at a cell.
struct Attempt {
  std::int64_t run = 0;
  std::string key{};                      ///< of the cell
  std::int64_t number = 0, attempts = 0;  ///< counted from 1; attempts: their number at the cell
  std::string state{}, error_kind{}, error{};
  std::optional<std::string> log{};  ///< for Store::resolve()
};

/// The last matching attempt. @param run, attempt  0: any
std::optional<Attempt> find_attempt(const Store& store, std::int64_t cell, std::int64_t run,
                                    std::int64_t attempt);

/// The last attempt at a cell, which may still be running; nullopt if there is none.
std::optional<Attempt> last_attempt(const Store& store, const std::string& cell_key);

/// What a run depended on, and the experiment that it belongs to.
struct RunOrigin {
  std::int64_t run = 0, attempt = 0;
  std::string state{}, key{};        ///< key: of the cell
  std::optional<std::string> log{};  ///< for Store::resolve()
  Json identity{};                   ///< of the cell
  Json provenance{};                 ///< {git, host, runner, plugins, ...}
  /// The experiment that it is shown in: the latest revision that has its cell. If there is none,
  /// `experiment` is "", and the following fields are empty.
  std::string experiment{}, file{};
  std::vector<std::string> overrides{};                     ///< those of the command line
  std::vector<std::pair<std::string, std::string>> axes{};  ///< of the cell in that experiment
};

/// The origin of the run; if `run` is 0, that of the cell's ok run, or else of its last run.
std::optional<RunOrigin> origin_of(const Store& store, std::int64_t cell, std::int64_t run);

/// A cell with imported predictions of an external system.
struct ImportedCell {
  std::string system{}, task{};  ///< names; that of the system is a value of the encoder axis
  std::int64_t seed = 0;
  std::string key{};
  Json identity{};
};

/// The imported cells of a revision, in its order.
std::vector<ImportedCell> imported_cells(const Store& store, std::int64_t revision);

/// Keys of the finished test cells of all revisions of an experiment.
std::set<std::string> finished_keys(const Store& store, const std::string& experiment);

}  // namespace earshot::host
