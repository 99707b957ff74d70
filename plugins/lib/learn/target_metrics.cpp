#include <algorithm>

#include <lib/learn/target.hpp>

// What evaluators of a target declare: the option for its type, and the metrics of each type.

namespace earshot::kit {

OptionSpec Target::type_option() {
  return {
      .name = "target_type",
      .value = std::string(),
      .help =
          "Type of the label `target`, which determines the primary metric; the runner fills it in",
      .choices = {"", "class", "number", "set", "vector"},
      .affects_results = false,
      .role = Role::target_type};
}

std::vector<Target::Kind> Target::kinds_of(const std::string& type) {
  using enum Kind;
  if (type == "number") return {number, classes, set, vector};
  if (type == "set") return {set, classes, number, vector};
  if (type == "vector") return {vector, classes, number, set};
  return {classes, number, set, vector};
}

std::vector<MetricSpec> Target::metrics(const std::vector<Kind>& kinds) {
  const auto has = [&](Kind kind) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  };
  std::vector<MetricSpec> specs;
  if (has(Kind::classes)) {
    specs.push_back({.name = "balanced_accuracy",
                     .help = "Mean recall of the classes",
                     .primary = kinds.front() == Kind::classes,
                     .version = 2});
    specs.push_back(
        {.name = "accuracy", .help = "Share of items with the right class", .version = 2});
    specs.push_back({.name = "macro_f1", .help = "Mean F1 of the classes", .version = 2});
    specs.push_back(
        {.name = "majority",
         .help = "Accuracy of always predicting the most frequent class of the training items",
         .version = 2});
    specs.push_back({.name = "chance", .help = "Balanced accuracy of guessing: 1 / classes"});
  }
  if (has(Kind::classes) || has(Kind::set)) {
    specs.push_back({.name = "map",
                     .help = "Mean average precision of the classes",
                     .primary = kinds.front() == Kind::set,
                     .version = 2});
    specs.push_back({.name = "auc",
                     .help = "Mean area under the ROC curve, each class against the rest",
                     .version = 2});
  }
  if (has(Kind::vector)) {
    specs.push_back({.name = "correlation",
                     .help = "Mean over the columns of a vector of Pearson's correlation of truth "
                             "and prediction",
                     .primary = kinds.front() == Kind::vector});
    specs.push_back({.name = "constant_columns",
                     .help = "Columns of a vector that are constant in the test items, so that "
                             "their correlation is undefined",
                     .higher_is_better = false});
  }
  if (has(Kind::number) || has(Kind::vector))
    specs.push_back({.name = "mae",
                     .help = "Mean absolute error, in the label's unit",
                     .higher_is_better = false,
                     .primary = kinds.front() == Kind::number});
  if (has(Kind::number))
    specs.push_back({.name = "constant_mae",
                     .help = "Error of always predicting the median of the training items",
                     .higher_is_better = false});
  if (has(Kind::number) || has(Kind::vector))
    specs.push_back({.name = "r2",
                     .help = "Share of variance explained; of a vector, the mean over its columns",
                     .version = 2});
  return specs;
}

}  // namespace earshot::kit
