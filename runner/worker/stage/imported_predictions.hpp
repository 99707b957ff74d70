#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <earshot/trial.hpp>

#include "worker/dataset/view.hpp"

namespace earshot::worker {

/// A line of a file of answers that a system gave elsewhere.
struct ImportedPrediction {
  std::int64_t line = 0;
  std::string item{};
  std::int64_t seed = 0;
  std::optional<Label> value{};
  std::string output{};
  std::vector<double> scores{};  ///< one per class of the target or choice of the item; or empty
};

/// Reads such a file: CSV with a header (`.csv`; classes of a set separated by ';'), or one JSON
/// object a line. Of each line `id` and `prediction`, and where there are `output` (the raw text of
/// a language model) and `seed` (0 else). An empty or null prediction says that none was settled
/// on: it counts as wrong, and is refused where it should be a number. In a table, an empty field
/// is an empty set. Scores, where there are any, are one per class of the label or choice of the
/// item: `scores` with an object by their names or a list in their order, or a column
/// `score:<class>` or just `<class>` for each class. What a prediction may be is what the
/// evaluator's option of role target_label names among the dataset's labels: a class, a number or a
/// set; without such an option a text, and of items whose question has choices one of them.
/// @throws DataError `<file>:<line>: ...`: no such item, an item twice for a seed, another type,
/// unknown classes, scores that are missing or not finite.
std::vector<ImportedPrediction> read_predictions(const std::filesystem::path& file,
                                                 const DatasetView& view,
                                                 const protocol::ComponentRef& evaluator);

/// Index of each test item by its id.
std::map<std::string, std::int64_t> test_items(const DatasetView& view);

/// Features from which an evaluator may learn instead of sound, so that it knows the classes and
/// what a constant answer scores before it marks answers of others: noise that depends on the item
/// alone, (items, 16, 64) with one frame per second.
FeatureBatch placeholder_features(const std::vector<std::int64_t>& positions);
FeatureSpec placeholder_spec();

}  // namespace earshot::worker
