#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/store/owner_lock.hpp"
#include "host/store/sqlite.hpp"
#include "protocol/stages.hpp"

namespace earshot::host {

/// A published number, which the view `published` shows next to ours.
struct ReferenceRecord {
  std::string metric{}, source{}, protocol{};
  double value = 0;
  bool comparable = true;
  Json match = Json::object();       ///< as written, for people
  std::vector<std::string> cells{};  ///< keys of matching cells
};

/// A revision of an experiment is defined by `resolved` and its cells. The other fields are kept as
/// they were when the revision was first seen, except `file` and `source`, which are the latest.
struct ExperimentRecord {
  std::string name{}, question{}, file{}, source{};
  Json resolved{};
  Json overrides = Json::array();  ///< those of the command line
  std::vector<ReferenceRecord> references{};
  /// Axes that [select] chooses among; not part of peers, since the choice may differ between
  /// encoders.
  std::vector<std::string> chosen{};
};

/// A cell of an experiment. One that cannot run has no key and no identity, but a reason.
struct CellRecord {
  std::string key{};
  std::string skipped{};  ///< why it cannot run: "weights missing: ..."; "" if it can
  Json identity{};
  std::vector<std::pair<std::string, Json>> axes{};
  /// Groups of axes that advance together: those of a [[matrix]] zip, and task and dataset if the
  /// task determines the dataset. If one axis of a group is compared, the others differ as well.
  std::vector<std::vector<std::string>> zips{};
  std::string encoder{}, dataset{}, task{}, mapper{}, language_model{}, weights{};
  Json pretrain_data{}, in_domain{};  ///< as in PlannedCell; or null
  std::string dataset_key{}, primary{};
  std::string target{};  ///< label of the dataset that is predicted; "": answers to questions
  std::int64_t seed = 0, fold = 0;
  /// The items that it is scored on: "test", or "validation" for a cell that only serves to choose
  /// options and is not shown in views of results.
  std::string split = "test";
};

struct DatasetRecord {
  std::string key{}, label{}, component{};
  protocol::DatasetInfo info{};
  protocol::LeftOuts left_out{};
};

/// A row of the table `stage`: work shared by cells (features), or a cell's own (fit, predict,
/// score).
struct StageRecord {
  std::string key{}, kind{};
  std::string state{}, error{};          ///< state: ok, failed, timeout, oom, killed or lost
  std::int64_t attempts = 1, bytes = 0;  ///< attempts: to be added to earlier ones
  double seconds = 0;
  /// For features: clips, computed, audio_seconds, encode_seconds, spec ...
  Json facts = Json::object();
};

struct PredictionRow {
  std::int64_t item = 0;  ///< index in the dataset
  Json value{};           ///< class, number or list of classes; null for no prediction
  std::string output{};   ///< raw text of a language model
  Json marks = Json::object();
  std::vector<float> scores{};  ///< one per class of the target or choice of the item; or empty
  Json candidates{};            ///< texts that `scores` refer to, if neither; or null
};

struct CurveRow {
  std::string curve{};
  std::int64_t step = 0;
  double value = 0;
};

struct ArtifactRow {
  std::string name{}, path{}, sha256{};
  std::int64_t bytes = 0;
};

/// The outcome of an attempt; metrics, predictions and artifacts only in state "ok". Paths inside
/// the folder of the results file are stored relative to it, so that the folder can be moved.
struct RunRecord {
  std::string state{};                       ///< ok, failed, timeout, oom, killed, lost, skipped
  std::string error_kind{}, error{}, log{};  ///< log: path of the attempt's log
  /// A sentence each on why the numbers of an ok run say less than they seem to. The file has them
  /// as its error, one per line, of the kind 'warning'.
  std::vector<std::string> warnings{};
  std::int64_t exit_code = 0, signal = 0;
  protocol::CellResult result{};
  /// Each with the packed statistics::Influences of its items if it is a score; otherwise "".
  std::vector<std::pair<protocol::MetricRow, std::string>> metrics{};
  std::vector<protocol::Metric> metric_specs{};
  std::vector<PredictionRow> predictions{};
  std::vector<CurveRow> curves{};
  std::vector<ArtifactRow> artifacts{};
  std::vector<std::string> stages{};  ///< keys of the stages it depends on, recorded before
  double seconds = 0;
};

/// The last attempt at a cell without an ok run.
struct LastFailure {
  std::string state{}, error_kind{}, error{}, log{};
  std::int64_t attempts = 0;
};

/// A difference that `runner compare` found; a row of the table `comparison`.
struct ComparisonRow {
  std::string axis{}, base{}, candidate{};
  std::string hypothesis{};  ///< name of the [[hypothesis]]; "" if exploratory
  std::string task{};        ///< "" if over several tasks
  std::string slice_dimension = "all", slice = "all";
  std::string metric{}, unit{};
  Json base_value{}, candidate_value{};  ///< null without a pair
  Json delta{}, ci_low{}, ci_high{};     ///< candidate - base, 95 % interval
  Json p_value{}, p_adjusted{};          ///< null if not testable
  std::string correction{};              ///< "holm" or "benjamini-hochberg"
  std::string method{};                  ///< "cluster jackknife t", "cluster bootstrap" ...
  std::int64_t items = 0, groups = 0, seeds = 0;  ///< that the delta is computed from
  std::int64_t missing = 0;                       ///< number of pairs that lack one side
  double margin = 0;
  std::string verdict{};    ///< supported, contradicted, undecided, not testable, saturated; or ""
  std::string note{};       ///< why there is no interval, mixed devices ...
  std::string condition{};  ///< what the pairs have in common: "encoder=mimi"; or ""
};

/// What Store::remove_experiment removed.
struct RemovedExperiment {
  std::int64_t revisions = 0, cells = 0, runs = 0;
  std::int64_t shared = 0;  ///< cells that were kept, since another experiment has them
};

class Store;

/// While it lives, everything that is read is of one state of the file, whatever another process
/// writes. Reading many small things is faster, too. There is one at a time for a Store, which
/// must outlive it and is not written to meanwhile.
class Snapshot {
 public:
  explicit Snapshot(const Store& store);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  const Store* store_;
};

/// One results file. Only one process writes it at a time, through a Store; every write transaction
/// is BEGIN IMMEDIATE, and every commit is on disk when the member returns.
///
/// Points at which base::fault_point can end the process: store.migrate,
/// store.record_plan.before and .after (the commit), likewise store.begin_run, store.finish_run,
/// store.record_stage, store.record_curves and store.add_items.
///
/// @throws Failure (store_unusable) from every member: newer version, corrupt, locked, disk full.
class Store {
 public:
  enum class Mode { read, write };

  /// Opens the file. In mode write, creates it (with its folders) or migrates it (after copying the
  /// old file next to it). In mode read, the file must exist, and writing is refused.
  Store(const std::filesystem::path& file, Mode mode);

  /// Registers this revision of the experiment with its cells (membership and order) and published
  /// numbers, and makes it the latest with this name. Writes nothing if it is that already.
  /// @param cells all cells of the experiment that have a key, including those that --only leaves
  /// out, and those that cannot run
  /// @param datasets all datasets of the cells
  /// @param provenance kept with the runs that begin from now on: {git, host, runner, plugins, ...}
  /// @returns its id
  std::int64_t record_plan(const ExperimentRecord& experiment, const std::vector<CellRecord>& cells,
                           const std::vector<DatasetRecord>& datasets, const Json& provenance);

  /// Id of the latest revision of the experiment; nullopt if there is none with this name.
  std::optional<std::int64_t> experiment(const std::string& name) const;
  /// The latest revision with this name. @throws Failure (usage) with the nearest name
  std::int64_t require_experiment(const std::string& name) const;

  /// Renames all revisions of an experiment. @throws Failure (usage) if there is no experiment with
  /// this name, or already one with the other.
  void rename_experiment(const std::string& name, const std::string& to);
  /// Removes all revisions of an experiment, and those of its cells that no other experiment has,
  /// with their runs. Items of datasets that nothing refers to any more are removed as well.
  /// @throws Failure (usage) if there is no experiment with this name, or if one of the cells is
  /// running.
  RemovedExperiment remove_experiment(const std::string& name);

  /// Cells with an ok run.
  std::set<std::string> finished(const std::vector<std::string>& keys) const;

  /// By cell key, for cells that have no ok run and whose last attempt has ended.
  std::map<std::string, LastFailure> last_failures(const std::vector<std::string>& keys) const;

  /// Identity of the last finished cell with these axis labels in an experiment with this name, to
  /// show what changed; null if there is none.
  Json previous_identity(const std::string& experiment,
                         const std::vector<std::pair<std::string, Json>>& axes) const;

  /// Marks runs of dead processes as `lost`. @returns how many there were. A living process holds a
  /// lock in `<file>-owners`, which the system releases however it dies.
  std::int64_t mark_lost_runs();

  /// Runs that mark_lost_runs would mark as lost.
  std::set<std::int64_t> lost_runs() const;

  /// Claims the cell by a row in state running; nullopt if another process runs it, or if it is ok.
  /// @param cell_key key of a cell of a recorded plan
  std::optional<std::int64_t> begin_run(const std::string& cell_key);

  /// Ends an attempt: state, metrics, predictions, curves, artifacts in one transaction, sealed by
  /// a hash (see content_hash.hpp). @throws Failure if the run was marked as lost meanwhile
  void finish_run(std::int64_t run, const RunRecord& record);

  /// Adds points of a running attempt. If a step is given twice, its last value is kept.
  void record_curves(std::int64_t run, std::span<const CurveRow> points);
  /// The same for a stage in progress, whose state is then "running".
  void record_curves(const std::string& stage_key, const std::string& kind,
                     std::span<const CurveRow> points);

  /// Adds the stage, or an attempt at it: seconds, attempts, and the facts `computed`,
  /// `audio_seconds` and `encode_seconds` are added up, everything else is replaced.
  void record_stage(const StageRecord& stage);

  /// Whether the dataset's items, including questions, are stored.
  bool has_items(const std::string& dataset_key) const;
  /// [id, groups, slices, labels, question] of every item, in dataset order. question is null, or
  /// {text, choices, answers}.
  void add_items(const std::string& dataset_key, const Json& items);

  /// Replaces the comparisons of this revision with the axis and base of these rows.
  void record_comparisons(std::int64_t experiment, const std::vector<ComparisonRow>& rows);

  /// The current path of a log or artifact, from the path in the file.
  std::filesystem::path resolve(const std::string& path) const;
  /// A path as the file keeps it: relative to the folder of the file, if it is in it.
  std::string relative(const std::string& path) const;

  /// @throws Failure if the file was removed or replaced since it was opened for writing:
  /// everything recorded since then is lost.
  void require_in_place() const { connection_.require_in_place(); }

 private:
  friend const Connection& connection_of(const Store& store);

  std::int64_t provenance_id();
  void become_owner();

  std::filesystem::path file_;
  Connection connection_;
  Json provenance_ = Json::object();
  std::int64_t provenance_id_ = 0, owner_id_ = 0;
  OwnerLock lock_{};
};

}  // namespace earshot::host
