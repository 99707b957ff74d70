#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/store/store.hpp"

// The predictions of runs for each item, and the items themselves.

namespace earshot::host {

/// What a comparison needs to know about an item, apart from its marks.
struct ItemTraits {
  std::map<std::string, std::string> groups{};  ///< by dimension: speaker, room ...
  /// Names of slices by dimension, and classes by label; several if a label is a set.
  std::map<std::string, std::vector<std::string>> slices{};
};

/// All items of a dataset, by position. @throws Failure (store_unusable) naming an item and a
/// column with invalid JSON
std::vector<ItemTraits> items_of(const Store& store, std::int64_t dataset);

/// The id of an item of the dataset with this key, by its position; nullopt if the results have no
/// such item.
std::optional<std::string> item_id(const Store& store, const std::string& dataset_key,
                                   std::int64_t position);

/// One of the numbers whose mean is a metric.
struct Mark {
  std::int64_t item = 0;  ///< position in the dataset
  double value = 0;       ///< in the unit of the metric
};

/// The marks of predictions, in the order of items; predictions without a mark are omitted.
std::vector<Mark> marks_of(const Store& store, std::int64_t run, const std::string& metric);

/// Positions of the items for which a run has predictions, ascending.
std::vector<std::int64_t> predicted_items(const Store& store, std::int64_t run);

/// The number of predictions of a run.
std::int64_t prediction_count(const Store& store, std::int64_t run);

struct PredictionExample {
  std::string value{};   ///< class, number or JSON list of classes; "" for no prediction
  std::string output{};  ///< raw text of a language model; or ""
};

/// A prediction of the file; nullopt if there is none.
std::optional<PredictionExample> first_prediction(const Store& store);

}  // namespace earshot::host
