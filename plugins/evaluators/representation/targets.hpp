#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <lib/learn/target.hpp>

#include <earshot/trial.hpp>

namespace representation {

/// What an encoder is to learn from the items of a trial: the classes or values of a label, or
/// nothing but the audio itself.
class Targets {
 public:
  /// @param label  of the dataset; "" unless the goal is classes or values
  /// @param standardise  whether values are brought to mean 0 and deviation 1, each column by
  /// itself
  /// @throws ConfigError if the label is missing, superfluous or of a type that does not fit the
  /// goal; DataError if there are no training items, none has the label, or all have the same
  /// class.
  Targets(const earshot::Trial& trial, earshot::Objective::Goal goal, const std::string& label,
          bool standardise);

  /// Without a teacher.
  const earshot::Objective& objective() const { return objective_; }
  /// The items of a split that have the label; all if none is needed.
  std::vector<std::int64_t> items(earshot::Split split) const;
  /// float32 (B, K) on the CPU, as in LearnerBatch; undefined if no label is needed.
  at::Tensor rows(earshot::Split split, std::span<const std::int64_t> items) const;

 private:
  bool labelled() const { return !label_.name.empty(); }
  bool has(const earshot::Item& item) const;
  void check_classes() const;
  void learn_scale();

  const earshot::Trial& trial_;
  earshot::LabelSpec label_{};
  std::optional<earshot::kit::Target> target_{};  ///< of the label
  earshot::Objective objective_{};
  std::vector<std::int64_t> training_{};
  at::Tensor mean_{}, deviation_{};  ///< float64 (K), of values that are standardised
};

}  // namespace representation
