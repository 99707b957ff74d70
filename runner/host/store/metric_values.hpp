#pragma once
#include <optional>
#include <string>
#include <vector>

#include "host/store/store.hpp"

// What finished runs measured.

namespace earshot::host {

/// A metric over all items, averaged over the seeds and folds of a task and an encoder.
struct MeanMetric {
  std::string task{}, mapper{}, language_model{}, variant{}, encoder{};
  std::string metric{};
  double value = 0;      ///< in the unit of the metric
  bool primary = false;  ///< or else chance or majority, which it is held against
};

/// The primary metric of each task, chance and majority, in the order of the experiment's latest
/// revision. Only those that are finite.
std::vector<MeanMetric> mean_metrics(const Store& store, const std::string& experiment);

/// A metric of a cell's finished run over all items; nothing without such a run, or where the
/// number is not finite.
std::optional<double> overall_value(const Store& store, const std::string& cell_key,
                                    const std::string& metric);

}  // namespace earshot::host
