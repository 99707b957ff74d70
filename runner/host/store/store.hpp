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

/// A published number, shown beside ours by the view `published`.
struct ReferenceRecord {
  std::string metric{}, source{}, protocol{};
  double value = 0;
  bool comparable = true;
  Json match = Json::object();       ///< as written, for people
  std::vector<std::string> cells{};  ///< keys of the cells that it matches
};

/// A revision of an experiment is what `resolved` says and which cells there are; the rest is kept
/// as it was when the revision was first seen, but `file` and `source`: those are the last.
struct ExperimentRecord {
  std::string name{}, question{}, file{}, source{};
  Json resolved{};
  Json overrides = Json::array();  ///< of the command line
  std::vector<ReferenceRecord> references{};
  /// Axes that [select] chooses along: in no peer, since the choice may differ between encoders.
  std::vector<std::string> chosen{};
};

/// A cell of an experiment. One that cannot run has no key and no identity, but a reason.
struct CellRecord {
  std::string key{};
  std::string skipped{};  ///< why it cannot run: "weights missing: ..."; "" where it can
  Json identity{};
  std::vector<std::pair<std::string, Json>> axes{};
  /// Groups of axes that advance together: those of a [[matrix]] zip, and task with dataset where
  /// the dataset is the task's. Comparing along one of a group, the others differ as well.
  std::vector<std::vector<std::string>> zips{};
  std::string encoder{}, dataset{}, task{}, mapper{}, language_model{}, weights{};
  Json pretrain_data{}, in_domain{};  ///< of the weights, as PlannedCell has them; or null
  std::string dataset_key{}, primary{};
  std::string target{};  ///< label of the dataset that is predicted; "": answers to questions
  std::int64_t seed = 0, fold = 0;
  /// The items it is scored on: "test", or "validation" for a cell that only serves to choose
  /// options, which is in no view of results.
  std::string split = "test";
};

struct DatasetRecord {
  std::string key{}, label{}, component{};
  protocol::DatasetInfo info{};
};

/// A row of the table `stage`: work shared by cells (features), or a cell's own (fit, predict,
/// score).
struct StageRecord {
  std::string key{}, kind{};
  std::string state{}, error{};          ///< state: ok, failed, timeout, oom, killed or lost
  std::int64_t attempts = 1, bytes = 0;  ///< attempts that this adds to those before
  double seconds = 0;
  /// For features: clips, computed, audio_seconds, encode_seconds, spec ...
  Json facts = Json::object();
};

struct PredictionRow {
  std::int64_t item = 0;  ///< index in the dataset
  Json value{};           ///< class, number or list of classes; null when none was settled on
  std::string output{};   ///< raw text of a language model
  Json marks = Json::object();
  std::vector<float> scores{};  ///< one per class of the target or choice of the item; or empty
  Json candidates{};            ///< texts that `scores` are of, where it is neither; or null
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

/// All that an attempt leaves; metrics, predictions and artifacts only in state "ok". Paths inside
/// the folder of the results file are kept relative to it, so that it can be moved.
struct RunRecord {
  std::string state{};                       ///< ok, failed, timeout, oom, killed, lost, skipped
  std::string error_kind{}, error{}, log{};  ///< log: path of the attempt's log
  std::int64_t exit_code = 0, signal = 0;
  /// A sentence each on why the numbers of an ok run say less than they seem to. The file has them
  /// as its error, one per line, of the kind 'warning'.
  std::vector<std::string> warnings{};
  protocol::CellResult result{};
  /// Each with the packed statistics::Influences of its items, if it is a score; else "".
  std::vector<std::pair<protocol::MetricRow, std::string>> metrics{};
  std::vector<protocol::Metric> metric_specs{};
  std::vector<PredictionRow> predictions{};
  std::vector<CurveRow> curves{};
  std::vector<ArtifactRow> artifacts{};
  std::vector<std::string> stages{};  ///< keys of the stages it depends on, recorded before
  double seconds = 0;
};

/// The last attempt at a cell that has no ok run.
struct LastFailure {
  std::string state{}, error_kind{}, error{}, log{};
  std::int64_t attempts = 0;
};

/// A difference that `runner compare` found; a row of the table `comparison`.
struct ComparisonRow {
  std::string axis{}, base{}, candidate{};
  std::string hypothesis{};  ///< name of the [[hypothesis]]; "" when exploratory
  std::string task{};        ///< "" over several tasks
  std::string slice_dimension = "all", slice = "all";
  std::string metric{}, unit{};
  Json base_value{}, candidate_value{};  ///< null without a pair
  Json delta{}, ci_low{}, ci_high{};     ///< candidate - base, 95 % interval
  Json p_value{}, p_adjusted{};          ///< null when not testable
  std::string correction{};              ///< "holm" or "benjamini-hochberg"
  std::string method{};                  ///< "cluster jackknife t", "cluster bootstrap" ...
  std::int64_t items = 0, groups = 0, seeds = 0;  ///< behind the delta
  std::int64_t missing = 0;                       ///< pairs that one side lacks
  double margin = 0;
  std::string verdict{};    ///< supported, contradicted, undecided, not testable, saturated; or ""
  std::string note{};       ///< why there is no interval, mixed devices ...
  std::string condition{};  ///< what the pairs have in common: "encoder=mimi"; "" where nothing
};

/// What Store::remove_experiment removed.
struct RemovedExperiment {
  std::int64_t revisions = 0, cells = 0, runs = 0;
  std::int64_t shared = 0;  ///< cells that stayed, since another experiment has them
};

/// One results file. All writing is done by one process through one of these; every write
/// transaction is BEGIN IMMEDIATE, every commit is on disk when the member returns.
///
/// Moments at which base::fault_point can end the process: store.migrate,
/// store.record_plan.before and .after (the commit), likewise store.begin_run, store.finish_run,
/// store.record_stage, store.record_curves and store.add_items.
///
/// @throws Failure (store_unusable) from every member: newer version, corrupt, locked, disk full.
class Store {
 public:
  enum class Mode { read, write };

  /// Opens; in mode write creates (the folders too) or migrates (after a copy of the old file
  /// beside it). In mode read the file must exist, and writing to it is refused.
  Store(const std::filesystem::path& file, Mode mode);

  /// Registers this revision of the experiment with its cells (membership and order) and published
  /// numbers, and makes it the latest of that name. Writes nothing when it is that already.
  /// @param cells all of the experiment that have a key, also those that --only leaves out, and
  /// those that cannot run
  /// @param datasets all that the cells name
  /// @param provenance kept with the runs that begin from now on: {git, host, runner, plugins, ...}
  /// @returns its id
  std::int64_t record_plan(const ExperimentRecord& experiment, const std::vector<CellRecord>& cells,
                           const std::vector<DatasetRecord>& datasets, const Json& provenance);

  /// Id of the latest revision of the experiment; nothing when there is none of that name.
  std::optional<std::int64_t> experiment(const std::string& name) const;
  /// The latest revision of that name. @throws Failure (usage) with the nearest name
  std::int64_t require_experiment(const std::string& name) const;

  /// Gives all revisions of an experiment another name. @throws Failure (usage): there is none of
  /// that name, or one of the other.
  void rename_experiment(const std::string& name, const std::string& to);
  /// Removes all revisions of an experiment, and those of its cells that no other experiment has,
  /// with their runs. Items of datasets that nothing refers to any more go as well.
  /// @throws Failure (usage): there is none of that name, or one of those cells is being run.
  RemovedExperiment remove_experiment(const std::string& name);

  /// Cells with an ok run.
  std::set<std::string> finished(const std::vector<std::string>& keys) const;

  /// By cell key, for cells whose last attempt is not ok and that have no ok run. Running ones
  /// and those without any attempt are not among them.
  std::map<std::string, LastFailure> last_failures(const std::vector<std::string>& keys) const;

  /// Identity of the last finished cell with these axis labels in an experiment of that name, for
  /// saying what changed; null when there is none.
  Json previous_identity(const std::string& experiment,
                         const std::vector<std::pair<std::string, Json>>& axes) const;

  /// Runs of dead processes become `lost`. @returns how many. A living process holds a lock in
  /// `<file>-owners`, which the system releases however it dies.
  std::int64_t mark_lost_runs();

  /// Runs that mark_lost_runs would mark as lost.
  std::set<std::int64_t> lost_runs() const;

  /// Claims the cell: a row in state running. Nothing when another process runs it or it is ok.
  /// @param cell_key of a cell of a recorded plan
  std::optional<std::int64_t> begin_run(const std::string& cell_key);

  /// Ends an attempt: state, metrics, predictions, curves, artifacts in one transaction, sealed by
  /// a hash (see content_hash.hpp). @throws Failure if the run was marked as lost meanwhile
  void finish_run(std::int64_t run, const RunRecord& record);

  /// Adds points of a running attempt. A step given twice keeps its last value.
  void record_curves(std::int64_t run, std::span<const CurveRow> points);
  /// The same of a stage that is being worked on, which is in state "running" from then on.
  void record_curves(const std::string& stage_key, const std::string& kind,
                     std::span<const CurveRow> points);

  /// Adds the stage, or an attempt at it: seconds and attempts add up, and of `facts` clips
  /// computed, audio_seconds and encode_seconds; the rest is replaced by what it says.
  void record_stage(const StageRecord& stage);

  /// Whether the dataset's items are there, questions included.
  bool has_items(const std::string& dataset_key) const;
  /// [id, groups, slices, labels, question] of every item, in dataset order. question is null, or
  /// {text, choices, answers}.
  void add_items(const std::string& dataset_key, const Json& items);

  /// Replaces what `compare` stored of this revision along these rows' axis and base.
  void record_comparisons(std::int64_t experiment, const std::vector<ComparisonRow>& rows);

  /// The present path of a log or artifact, from the path in the file.
  std::filesystem::path resolve(const std::string& path) const;

  /// @throws Failure when the file was removed or replaced since it was opened for writing: what
  /// was recorded since is lost.
  void require_in_place() const { connection_.require_in_place(); }

 private:
  friend const Connection& connection_of(const Store& store);

  std::int64_t provenance_id();
  void become_owner();
  std::string relative(const std::string& path) const;

  std::filesystem::path file_;
  Connection connection_;
  Json provenance_ = Json::object();
  std::int64_t provenance_id_ = 0, owner_id_ = 0;
  OwnerLock lock_{};
};

}  // namespace earshot::host
