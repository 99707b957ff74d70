#pragma once
#include <unordered_map>

#include <earshot/evaluator.hpp>

namespace earshot::kit {

/// What a probe predicts: one label of a dataset. Reads truths, and turns predictions into numbers
/// in the same way for every probe.
///
///   classes  marks accuracy, majority; scores balanced_accuracy, macro_f1, map, auc
///   number   marks mae, constant_mae; score r2
///   set      scores map, auc
///
/// majority and constant_mae are what the most frequent class and the median of the training items
/// reach; map and auc need Prediction::scores. Definitions: kit/metrics.hpp.
class Target {
 public:
  enum class Kind { classes, number, set };

  Target() = default;
  explicit Target(LabelSpec spec);

  Kind kind() const { return static_cast<Kind>(spec_.type.index()); }
  const std::string& name() const { return spec_.name; }
  const std::vector<std::string>& classes() const { return spec_.classes; }
  /// Width of a row of truth: classes, or 1 for a number.
  std::int64_t width() const;

  /// An item's truth as a row of width() values: 1 at its class or classes, or the number. False
  /// where the item has no such label. @throws DataError for a class that the dataset has not
  /// declared.
  bool truth(const Item& item, double* row) const;

  /// From a row of width() values that are higher the likelier: the class that is highest (the
  /// lowest of several), the number, or the classes of at least 0.5.
  Label value(const double* row) const;

  /// Remembers what a constant answer would be. `truths` is float64 (N, width()).
  void learn_baseline(const at::Tensor& truths);

  Numbers mark(const Item& item, const Prediction& prediction) const;
  Numbers score(std::span<const Outcome> slice) const;
  /// The metrics of the given kinds, the first kind's main one being primary: balanced_accuracy,
  /// mae or map.
  static std::vector<MetricSpec> metrics(const std::vector<Kind>& kinds);

  /// Into `state`, and back.
  void save(State& state) const;
  void load(const State& state);

 private:
  std::int64_t index(const std::string& name) const;  ///< -1 when unknown
  Numbers score_classes(std::span<const Outcome> slice) const;
  Numbers score_number(std::span<const Outcome> slice) const;
  void score_ranking(std::span<const Outcome> slice, Numbers& numbers) const;

  LabelSpec spec_{};
  Label baseline_{};
  bool has_baseline_ = false;
  std::unordered_map<std::string, std::int64_t> indices_{};
};

/// The labelled items of a split.
struct Truths {
  std::vector<std::int64_t> items{};   ///< indices in the split
  at::Tensor rows{};                   ///< float64 (N, Target::width())
  std::vector<std::int64_t> strata{};  ///< the class; 0 for numbers and sets
  std::vector<std::int64_t> groups{};  ///< as kit::linked numbers them

  std::int64_t size() const { return static_cast<std::int64_t>(items.size()); }
  Truths select(const std::vector<std::int64_t>& which) const;
};
Truths read_truths(const Trial& trial, Split split, const Target& target);

}  // namespace earshot::kit
