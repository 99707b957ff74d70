#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/store/selected_rows.hpp"

// All results of the latest revision of an experiment, for files.

namespace earshot::host {

/// A row for each run, slice and metric.
Rows exported_results(const Store& store, const std::string& experiment);

/// Everything that must be equal if cell keys are equal: without labels and the order of the file,
/// sorted by cell key, which is the first column.
Rows canonical_metrics(const Store& store, const std::string& experiment);
Rows canonical_predictions(const Store& store, const std::string& experiment);

/// The prediction of a run for an item, with the question and the truth.
struct ExportedPrediction {
  std::vector<Json> values{};  ///< one for each of ExportedPredictions::columns(); `scores` is null
  std::vector<float> scores{};        ///< empty if there are none
  std::vector<std::string> scored{};  ///< classes, choices or candidates that `scores` refer to
};

/// Predictions, read one at a time. The store must outlive them.
class ExportedPredictions {
 public:
  /// All predictions of an experiment.
  ExportedPredictions(const Store& store, const std::string& experiment);

  /// Those of one cell at a time, none before choose().
  static ExportedPredictions of_cells(const Store& store, const std::string& experiment);
  /// Reads those of the cell at this position of the experiment next; only for of_cells().
  /// @param one_in  reads one of so many items, drawn by their position alone: the same items for
  /// all cells, without a pattern that slices could have as well
  void choose(std::int64_t position, std::int64_t one_in = 1);

  std::vector<std::string> columns() const;
  std::size_t scores_column() const;
  /// Indices of columns whose texts are JSON.
  std::vector<std::size_t> json_columns() const;

  /// @returns false after the last prediction
  bool next(ExportedPrediction& prediction);

 private:
  ExportedPredictions(const Store& store, const std::string& sql, const std::string& experiment);
  const std::vector<std::string>& classes_of(std::int64_t run);

  const Store* store_;
  Statement rows_;
  std::map<std::int64_t, std::vector<std::string>> classes_{};  ///< by run, in the order of scores
};

}  // namespace earshot::host
