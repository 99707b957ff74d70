#pragma once
#include <optional>
#include <unordered_map>

#include <lib/learn/column_agreement.hpp>

#include <earshot/evaluator.hpp>
#include <earshot/options.hpp>

namespace earshot::kit {

/// What a probe predicts: one label of a dataset. Reads truths, and turns predictions into numbers
/// in the same way for every probe.
///
///   classes  marks accuracy, majority; scores balanced_accuracy, macro_f1, map, auc
///   number   marks mae, constant_mae; score r2
///   set      scores map, auc
///   vector   mark mae; scores correlation, r2; of the run constant_columns
///
/// An item with the label but without an answer, or with an answer that is not a class, counts as
/// wrong in all metrics of classes; map and auc exist only if every item with the label has scores.
/// Each score comes with the number of its items, as "<metric>.n".
///
/// Of a vector, mae is the mean over its columns. correlation and r2 are means over the columns
/// whose truths differ between the items of a slice; without such a column, or if an item with the
/// label has no prediction of the right size, they do not exist.
///
/// majority and constant_mae are the results of always predicting the most frequent class or the
/// median of the training items; map and auc need Prediction::scores, which of a vector are the
/// predicted values. Definitions: metrics.hpp, column_agreement.hpp.
class Target {
 public:
  enum class Kind { classes, number, set, vector };

  /// Which of several classes comes first if nothing else decides.
  enum class Ties {
    names,    ///< in alphabetical order (by code points), like scikit-learn for class names
    dataset,  ///< in the order of the dataset's labels, like scikit-learn for their numbers
  };

  Target() = default;
  explicit Target(LabelSpec spec, Ties ties = Ties::names);

  Kind kind() const { return static_cast<Kind>(spec_.type.index()); }
  const std::string& name() const { return spec_.name; }
  const std::vector<std::string>& classes() const { return spec_.classes; }
  /// Width of a row of truth: number of classes, 1 for a number, or the size of a vector.
  std::int64_t width() const;

  /// An item's truth as a row of width() values: 1 at its class or classes, the number, or the
  /// vector. False if the item has no such label. @throws DataError for a class that the dataset
  /// has not declared, or a vector of another size.
  bool truth(const Item& item, double* row) const;

  std::int64_t index(const std::string& name) const;  ///< of a class; -1 if it is unknown
  /// The classes in the order in which ties are broken.
  const std::vector<std::int64_t>& order() const { return order_; }
  /// The class with the highest value in a row of width() values; of equal ones, the first by
  /// order().
  std::int64_t best(const double* row) const;

  /// The prediction from a row of width() values, where higher means more likely: the best class,
  /// the number, or the classes with at least 0.5. None for vectors: the row itself is what is
  /// predicted, as Prediction::scores.
  std::optional<Label> value(const double* row) const;

  /// Learns the constant answer. `truths` is float64 (N, width()).
  void learn_baseline(const at::Tensor& truths);

  Numbers mark(const Item& item, const Prediction& prediction) const;
  Numbers score(std::span<const Outcome> slice) const;

  /// Of a vector: adds an item to `agreement`, which has width() columns. Nothing happens if the
  /// item has no such label. False if it has, but the prediction has not the right size.
  bool compare(const Item& item, const std::vector<double>& predicted,
               ColumnAgreement& agreement) const;

  /// The option `target_type`, which the host sets to the type of the label that the option
  /// `target` names: it determines the primary metric before any data is read.
  static OptionSpec type_option();
  /// All kinds, the one in the option first; classes first if the option is empty.
  static std::vector<Kind> kinds_of(const std::string& type);
  /// The metrics of the given kinds; the main metric of the first kind is primary:
  /// balanced_accuracy, mae, map or correlation.
  static std::vector<MetricSpec> metrics(const std::vector<Kind>& kinds);

  /// Writes to `state`, and reads back.
  void save(State& state) const;
  void load(const State& state);

 private:
  /// @throws DataError if there are not as many as the dataset declares.
  std::span<const float> values_of(const Vector& vector, const Item& item) const;
  Numbers score_classes(std::span<const Outcome> slice) const;
  Numbers score_number(std::span<const Outcome> slice) const;
  Numbers score_vector(std::span<const Outcome> slice) const;
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
  std::vector<std::int64_t> strata{};  ///< class; 0 for all others
  std::vector<std::int64_t> groups{};  ///< as numbered by kit::linked

  std::int64_t size() const { return static_cast<std::int64_t>(items.size()); }
  Truths select(const std::vector<std::int64_t>& which) const;
};
Truths read_truths(const Trial& trial, Split split, const Target& target);

}  // namespace earshot::kit
