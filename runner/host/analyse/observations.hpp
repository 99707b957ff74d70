#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/store/metric_values.hpp"
#include "host/store/predictions.hpp"

namespace earshot::host {

/// A part of a dataset: a slice along a dimension, or the items that have a class of a label.
struct SliceName {
  std::string dimension{}, name{};
};

/// What finished runs said and scored, as a comparison asks for it: so that it needs no results
/// file. StoredObservations reads one.
class Observations {
 public:
  virtual ~Observations() = default;

  /// All items of a dataset, by position.
  virtual std::vector<ItemTraits> items(std::int64_t dataset) const = 0;
  /// Of the predictions of a run that have this mark, by item.
  virtual std::vector<Mark> marks(std::int64_t run, const std::string& metric) const = 0;
  /// Positions of the items that a run has predicted, ascending.
  virtual std::vector<std::int64_t> predicted(std::int64_t run) const = 0;
  virtual std::optional<RecordedScore> score(std::int64_t run, const std::string& metric,
                                             const SliceName& slice) const = 0;
  virtual std::optional<MetricDefinition> definition(std::int64_t run,
                                                     const std::string& metric) const = 0;
  /// All metrics of an experiment's finished runs, by name. @param experiment  id of a revision
  virtual std::vector<std::string> metrics(std::int64_t experiment) const = 0;
};

}  // namespace earshot::host
