#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/store/store.hpp"

// Runs and their scores, for the formats of other programs.

namespace earshot::host {

/// A test cell of an experiment with its ok run, or else its last attempt.
struct ExportedRun {
  std::int64_t position = 0;  ///< of the cell in the experiment
  std::string cell_key{};     ///< "" if the cell cannot run
  std::string encoder{}, dataset{}, task{}, mapper{}, language_model{}, variant{};
  std::string weights{};  ///< of the encoder as written
  std::int64_t seed = 0, fold = 0;
  std::string dataset_key{};  ///< fingerprint of the items and of the content of their audio
  Json pretrain_data{};       ///< what the weights were trained on; null if unknown
  std::string state{};        ///< as in the view `cell_state`
  std::string error{};        ///< of that attempt, or why the cell cannot run; or ""
  std::int64_t run = 0;       ///< 0: none
  std::int64_t started_ms = 0, ended_ms = 0;  ///< since 1970 in UTC; 0: not yet, or unknown
  std::optional<double> seconds{};            ///< wall time of that attempt
};

/// The test cells of the latest revision, in their order.
/// @throws Failure (store_unusable) if the file contains invalid JSON
std::vector<ExportedRun> exported_runs(const Store& store, const std::string& experiment);

/// One number of a finished run.
struct RunScore {
  std::string dimension{}, slice{};  ///< "all" and "all" for all items
  std::string metric{};
  bool primary = false;  ///< the metric by which the task is judged
  bool higher_is_better = true;
  std::optional<double> value{};        ///< empty if not finite
  std::string nonfinite{};              ///< then "nan", "+inf" or "-inf"
  std::int64_t n = 0;                   ///< number of items or steps that it is computed from
  std::optional<double> low{}, high{};  ///< 95 % interval
};

/// All scores of a run: over all items first, then by dimension, slice and metric.
std::vector<RunScore> run_scores(const Store& store, std::int64_t run);

}  // namespace earshot::host
