#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <earshot/trial.hpp>

#include "worker/dataset/view.hpp"

namespace earshot::worker {

/// A line of a file with predictions of an external system.
struct ImportedPrediction {
  std::int64_t line = 0;
  std::string item{};
  std::int64_t seed = 0;
  std::optional<Label> value{};
  std::string output{};
  std::vector<double> scores{};  ///< one per class of the target or choice of the item; or empty
};

/// Reads such a file: CSV with a header (`.csv`; classes of a set separated by ';'), or one JSON
/// object per line. Required fields are `id` and `prediction`, optional ones `output` (the raw text
/// of a language model), `seed` (default 0) and scores.
///
/// A prediction has the type of the label that the evaluator's option with the role target_label
/// names: a class, a number or a set. Without such an option it is a text; if the item's question
/// has choices, one of them. An empty or null prediction means that there is none: it counts as
/// wrong, and is refused if a number is expected. In a table, an empty field is an empty set if a
/// set is expected.
///
/// Scores are one per class of the label or choice of the item: in `scores`, as an object by name
/// or a list in their order, or in a column `score:<class>` or just `<class>` for each class.
/// @throws DataError `<file>:<line>: ...` for an unknown item, a second line for an item and seed,
/// a value of another type, unknown classes, or scores that are missing or not finite.
std::vector<ImportedPrediction> read_predictions(const std::filesystem::path& file,
                                                 const DatasetView& view,
                                                 const protocol::ComponentRef& evaluator);

/// The index of each test item, by its id.
std::map<std::string, std::int64_t> test_items(const DatasetView& view);

/// Placeholder features for fitting an evaluator, so that it knows the classes and the score of a
/// constant answer before it marks imported predictions: noise that depends only on the item,
/// (items, 16, 64), with one frame per second.
FeatureBatch placeholder_features(const std::vector<std::int64_t>& positions);
FeatureSpec placeholder_spec();

}  // namespace earshot::worker
