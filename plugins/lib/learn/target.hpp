#pragma once
#include <unordered_map>

#include <earshot/evaluator.hpp>
#include <earshot/options.hpp>

namespace earshot::kit {

/// What a probe predicts: one label of a dataset. Reads truths, and turns predictions into numbers
/// in the same way for every probe.
///
///   classes  marks accuracy, majority; scores balanced_accuracy, macro_f1, map, auc
///   number   marks mae, constant_mae; score r2
///   set      scores map, auc
///
/// An item that has the label and no answer, or one that is no class, counts as wrong in all
/// numbers of classes; without scores for each item that has the label there are no map and auc.
/// Each score comes with how many items entered it, as "<metric>.n".
///
/// majority and constant_mae are what the most frequent class and the median of the training items
/// reach; map and auc need Prediction::scores. Definitions: metrics.hpp.
class Target {
 public:
  enum class Kind { classes, number, set };

  /// Which of several classes comes first where nothing else decides.
  enum class Ties {
    names,    ///< the first in the alphabet (by code points), as scikit-learn sorts classes
    dataset,  ///< the first of the dataset's labels, as scikit-learn does with their numbers
  };

  Target() = default;
  explicit Target(LabelSpec spec, Ties ties = Ties::names);

  Kind kind() const { return static_cast<Kind>(spec_.type.index()); }
  const std::string& name() const { return spec_.name; }
  const std::vector<std::string>& classes() const { return spec_.classes; }
  /// Width of a row of truth: classes, or 1 for a number.
  std::int64_t width() const;

  /// An item's truth as a row of width() values: 1 at its class or classes, or the number. False
  /// where the item has no such label. @throws DataError for a class that the dataset has not
  /// declared.
  bool truth(const Item& item, double* row) const;

  /// The classes in the order in which ties are broken.
  const std::vector<std::int64_t>& order() const { return order_; }
  /// The class that is highest in a row of width() values, the first by order() of several.
  std::int64_t best(const double* row) const;

  /// From a row of width() values that are higher the likelier: the best class, the number, or the
  /// classes of at least 0.5.
  Label value(const double* row) const;

  /// Remembers what a constant answer would be. `truths` is float64 (N, width()).
  void learn_baseline(const at::Tensor& truths);

  Numbers mark(const Item& item, const Prediction& prediction) const;
  Numbers score(std::span<const Outcome> slice) const;
  /// The option `target_type`, which the host fills in with the type of the label that the option
  /// `target` names: what the primary metric goes by before any data is read.
  static OptionSpec type_option();
  /// All kinds, the one that the option says first; classes where it says none.
  static std::vector<Kind> kinds_of(const std::string& type);
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
  std::vector<std::int64_t> order_{};
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
