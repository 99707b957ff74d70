#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/store/store.hpp"

// Predictions of runs item by item, and the items themselves.

namespace earshot::host {

/// What a comparison knows of an item besides the marks.
struct ItemTraits {
  std::map<std::string, std::string> groups{};  ///< by dimension: speaker, room ...
  /// Names by dimension of slices, and classes by label. Several where a label is a set.
  std::map<std::string, std::vector<std::string>> slices{};
};

/// All items of a dataset, by position. @throws Failure (store_unusable) naming an item and a
/// column that is not valid JSON
std::vector<ItemTraits> items_of(const Store& store, std::int64_t dataset);

/// A number that a metric is the mean of.
struct Mark {
  std::int64_t item = 0;  ///< position in the dataset
  double value = 0;       ///< in the unit of the metric
};

/// Marks of the predictions that have one, by item.
std::vector<Mark> marks_of(const Store& store, std::int64_t run, const std::string& metric);

/// Positions of the items that a run has predicted, ascending.
std::vector<std::int64_t> predicted_items(const Store& store, std::int64_t run);

struct PredictionExample {
  std::string value{};   ///< class, number or JSON list of classes; "" when none was settled on
  std::string output{};  ///< raw text of a language model; or ""
};

/// A prediction of the file, as an example; nothing without any.
std::optional<PredictionExample> first_prediction(const Store& store);

}  // namespace earshot::host
