#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/store/metric_values.hpp"
#include "host/store/predictions.hpp"

namespace earshot::host {

/// A part of a dataset: a slice along a dimension, or the items with a certain class of a label.
struct SliceName {
  std::string dimension{}, name{};
};

/// What a comparison needs to know about finished runs, independent of a results file.
/// StoredObservations reads it from one.
class Observations {
 public:
  virtual ~Observations() = default;

  /// All items of a dataset, by position.
  virtual std::vector<ItemTraits> items(std::int64_t dataset) const = 0;
  /// The marks of this name of a run's predictions, by item.
  virtual std::vector<Mark> marks(std::int64_t run, const std::string& metric) const = 0;
  /// Positions of the items that a run has predicted, ascending.
  virtual std::vector<std::int64_t> predicted(std::int64_t run) const = 0;
  virtual std::optional<RecordedScore> score(std::int64_t run, const std::string& metric,
                                             const SliceName& slice) const = 0;
  virtual std::optional<MetricDefinition> definition(std::int64_t run,
                                                     const std::string& metric) const = 0;
  /// The names of all metrics of an experiment's finished runs. @param experiment  id of a revision
  virtual std::vector<std::string> metrics(std::int64_t experiment) const = 0;
};

}  // namespace earshot::host
