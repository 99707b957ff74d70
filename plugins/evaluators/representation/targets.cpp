#include "targets.hpp"

#include <algorithm>

#include <ATen/ATen.h>

namespace representation {

using earshot::ConfigError;
using earshot::DataError;
using earshot::Item;
using earshot::Objective;
using earshot::Split;
using Goal = earshot::Objective::Goal;

namespace {

bool is_of_classes(const earshot::LabelSpec& label) {
  return std::holds_alternative<std::string>(label.type) ||
         std::holds_alternative<std::vector<std::string>>(label.type);
}

/// @throws ConfigError unless the label is there exactly if the goal needs one.
void check_need(Goal goal, const std::string& label) {
  const bool needed = goal == Goal::classes || goal == Goal::values;
  if (needed && label.empty())
    throw ConfigError(
        "objective needs a label to learn, and target is \"\"; allowed: a label of the dataset");
  if (!needed && !label.empty())
    throw ConfigError("target is '" + label +
                      "', and this objective learns no label. Remove target, or set objective to "
                      "\"classes\" or \"values\"");
}

}  // namespace

Targets::Targets(const earshot::Trial& trial, Goal goal, const std::string& label, bool standardise)
    : trial_(trial), objective_{.goal = goal} {
  check_need(goal, label);
  if (!label.empty()) {
    label_ = trial.label(label);
    if (is_of_classes(label_) != (goal == Goal::classes))
      throw ConfigError("label '" + label + "' " +
                        (is_of_classes(label_) ? "has classes" : "is a number or a vector") +
                        "; expected " +
                        (goal == Goal::classes ? "a class or a set of classes, or objective = "
                                                 "\"values\""
                                               : "a number or a vector, or objective = "
                                                 "\"classes\""));
    target_.emplace(label_);
  }
  if (trial.size(Split::train) == 0)
    throw DataError("there are no training items; at least one is needed");
  training_ = items(Split::train);
  if (training_.empty())
    throw DataError("none of the " + std::to_string(trial.size(Split::train)) +
                    " training items has the label '" + label + "'; at least one is needed");
  if (goal == Goal::classes) {
    objective_.classes = label_.classes;
    objective_.exclusive = std::holds_alternative<std::string>(label_.type);
    check_classes();
  } else if (goal == Goal::values) {
    objective_.values = target_->width();
    if (standardise) learn_scale();
  }
}

bool Targets::has(const Item& item) const {
  return item.labels.contains(label_.name);
}

std::vector<std::int64_t> Targets::items(Split split) const {
  std::vector<std::int64_t> items;
  for (std::int64_t i = 0; i < trial_.size(split); ++i)
    if (!labelled() || has(trial_.item(split, i))) items.push_back(i);
  return items;
}

/// A classifier of one class has nothing to learn.
void Targets::check_classes() const {
  std::vector<double> row(static_cast<std::size_t>(target_->width())), seen(row.size());
  for (const auto i : training_) {
    target_->truth(trial_.item(Split::train, i), row.data());
    for (std::size_t k = 0; k < row.size(); ++k)
      seen[k] += row[k];
  }
  const auto count = static_cast<double>(training_.size());
  if (std::any_of(seen.begin(), seen.end(), [&](double n) { return n > 0 && n < count; })) return;
  throw DataError("label '" + label_.name + "' is the same for all " +
                  std::to_string(training_.size()) +
                  " training items; expected at least two different classes. Use another target, "
                  "or more items");
}

void Targets::learn_scale() {
  const auto width = target_->width();
  auto sum = at::zeros({width}, at::kDouble), squares = at::zeros({width}, at::kDouble);
  auto row = at::empty({width}, at::kDouble);
  const auto each = [&](const auto& add) {
    for (const auto i : training_) {
      target_->truth(trial_.item(Split::train, i), row.mutable_data_ptr<double>());
      add();
    }
  };
  const auto count = static_cast<double>(training_.size());
  each([&] { sum += row; });
  mean_ = sum / count;
  each([&] { squares += (row - mean_).square(); });
  deviation_ = (squares / count).sqrt();
  // A column that never changes; due to rounding its deviation may be some ulp of its mean.
  deviation_.masked_fill_(deviation_ <= mean_.abs() * 1e-12, 1);
}

at::Tensor Targets::rows(Split split, std::span<const std::int64_t> items) const {
  if (!labelled()) return {};
  auto rows = at::empty({std::ssize(items), target_->width()}, at::kDouble);
  auto* row = rows.mutable_data_ptr<double>();
  for (const auto item : items) {
    target_->truth(trial_.item(split, item), row);
    row += target_->width();
  }
  if (mean_.defined()) rows = (rows - mean_) / deviation_;
  return rows.to(at::kFloat);
}

}  // namespace representation
