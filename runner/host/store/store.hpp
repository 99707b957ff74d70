#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "protocol/messages.hpp"

struct sqlite3;

namespace earshot::host {

using protocol::Json;

struct ExperimentRecord {
  std::string name{}, question{}, file{}, source{};
  Json resolved{};
  Json overrides = Json::array();  ///< of the command line
};

struct CellRecord {
  std::string key{};
  Json identity{};
  std::vector<std::pair<std::string, Json>> axes{};
  std::string encoder{}, dataset{}, task{}, mapper{}, language_model{}, weights{};
  std::string dataset_key{}, primary{};
  std::int64_t seed = 0, fold = 0;
};

struct DatasetRecord {
  std::string key{}, label{}, component{};
  protocol::DatasetInfo info{};
};

/// A row of the table `stage`: work shared by cells (features), or a cell's own (fit, predict,
/// score).
struct StageRecord {
  std::string key{}, kind{}, state{}, error{};
  std::int64_t attempts = 1, bytes = 0;
  double seconds = 0;
  Json facts = Json::object();  ///< of features: clips, audio_seconds, encode_seconds, spec ...
};

struct PredictionRow {
  std::int64_t item = 0;  ///< index in the dataset
  Json value{};           ///< class, number or list of classes; null when none was settled on
  std::string output{};   ///< raw text of a language model
  Json marks = Json::object();
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

/// All that an attempt leaves. Metrics, predictions, curves and artifacts only of state "ok".
struct RunRecord {
  std::string state{};                       ///< ok, failed, timeout, oom, killed, lost, skipped
  std::string error_kind{}, error{}, log{};  ///< log: path of the attempt's log
  std::int64_t exit_code = 0, signal = 0;
  protocol::CellResult result{};
  std::vector<std::pair<protocol::MetricRow, std::vector<double>>> metrics{};  ///< with replicates
  std::vector<protocol::Metric> metric_specs{};
  std::vector<PredictionRow> predictions{};
  std::vector<CurveRow> curves{};
  std::vector<ArtifactRow> artifacts{};
  std::vector<std::string> stages{};  ///< keys of the stages it stands on
  double seconds = 0;
};

/// One results file. All writing is done by one process through one of these; every write
/// transaction is BEGIN IMMEDIATE.
/// @throws Failure (store_unusable) from every member: newer version, corrupt, locked, disk full.
class Store {
 public:
  enum class Mode { read, write };

  /// Opens; in mode write creates or migrates (after a copy of the old file beside it).
  Store(const std::filesystem::path& file, Mode mode);
  ~Store();
  Store(Store&&) noexcept;

  /// Registers this revision of the experiment with its cells (membership and order) and published
  /// numbers. @returns its id.
  std::int64_t record_plan(const ExperimentRecord& experiment, const std::vector<CellRecord>& cells,
                           const std::vector<DatasetRecord>& datasets, const Json& provenance);

  /// Cells with an ok run.
  std::set<std::string> finished(const std::vector<std::string>& keys) const;

  /// State and message of the last attempt that is not ok, by cell key.
  std::vector<std::pair<std::string, std::string>> last_failures(
      const std::vector<std::string>& keys) const;

  /// Runs of dead processes become `lost`. @returns how many. A run is dead when its process
  /// (pid and start time on this host) is gone.
  std::int64_t bury_lost_runs();

  /// Claims the cell: a row in state running. Nothing when another process runs it or it is ok.
  std::optional<std::int64_t> begin_run(const std::string& cell_key);

  /// Ends an attempt: state, metrics, predictions, curves, artifacts in one transaction.
  void finish_run(std::int64_t run, const RunRecord& record);

  void record_stage(const StageRecord& stage);

  bool has_items(const std::string& dataset_key) const;
  /// [id, groups, slices, labels] of every item, in dataset order.
  void add_items(const std::string& dataset_key, const Json& items);

  sqlite3* handle() const { return database_.get(); }

 private:
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_;
};

}  // namespace earshot::host
