#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/store/store.hpp"

// The metrics of finished runs.

namespace earshot::host {

/// A metric over all items, averaged over the seeds and folds of a task and an encoder.
struct MeanMetric {
  std::string task{}, mapper{}, language_model{}, variant{}, encoder{};
  std::string metric{};
  double value = 0;      ///< in the unit of the metric
  bool primary = false;  ///< if false, it is chance or majority, for comparison
};

/// The primary metric of each task, chance and majority, in the order of the experiment's latest
/// revision. Values that are not finite are omitted.
std::vector<MeanMetric> mean_metrics(const Store& store, const std::string& experiment);

/// A metric of a finished test run in one slice, with the cell that the run belongs to.
struct SliceScore {
  std::int64_t position = 0;         ///< of the cell in the experiment
  std::string dimension{}, slice{};  ///< "all" and "all" for all items
  std::string metric{}, unit{};
  bool primary = false;  ///< if false, it is chance or majority, for comparison
  bool higher_is_better = true;
  std::optional<double> value{};        ///< in `unit`; empty if not finite
  std::int64_t n = 0;                   ///< number of items or steps that it is computed from
  std::optional<double> low{}, high{};  ///< 95 % interval of this run; empty without one
};

/// The primary metric of each finished test cell of a revision in every slice, and chance and
/// majority over all items. In the order of the cells; all items come before slices, which are in
/// alphabetical order.
std::vector<SliceScore> slice_scores(const Store& store, std::int64_t revision);

/// A metric over all items of a cell's finished run; nullopt if there is no such run, or if the
/// number is not finite.
std::optional<double> overall_value(const Store& store, const std::string& cell_key,
                                    const std::string& metric);

/// A metric of a run in one slice.
struct RecordedScore {
  double value = 0;    ///< NaN if not finite
  std::int64_t n = 0;  ///< number of items or steps that it is computed from
  /// The contribution of each item, as written by statistics::packed(); empty if not kept.
  std::optional<std::string> influences{};
  std::string no_interval{};  ///< why there is no interval; or ""
};

std::optional<RecordedScore> score_of(const Store& store, std::int64_t run,
                                      const std::string& metric, const std::string& dimension,
                                      const std::string& slice);

/// The definition of a metric by the evaluator of a run.
struct MetricDefinition {
  std::string kind{};  ///< "mean" of marks, "score" of a slice, "report" of the run
  std::string unit{};
  bool higher_is_better = true;
  std::int64_t version = 0;
};

std::optional<MetricDefinition> definition_of(const Store& store, std::int64_t run,
                                              const std::string& metric);

/// Names of the metrics of a revision's finished runs, ascending.
std::vector<std::string> metric_names(const Store& store, std::int64_t revision);

}  // namespace earshot::host
