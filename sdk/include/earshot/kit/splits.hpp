#pragma once
#include <optional>
#include <string>
#include <vector>

#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

// Splits of a user's dataset: given by name, or drawn according to its options.

namespace earshot::kit {

/// The split with this name, in upper or lower case: train, training; validation, valid, val, dev;
/// test, testing, eval, evaluation.
std::optional<Split> split_named(const std::string& name);

/// The options `validation` and `test`, shares of the items from 0 to 0.9 (0.1 and 0.2), and
/// `seed`. `where` says in their help when they apply: "if there is no folder for them".
OptionSchema split_options(const std::string& where);

/// A split for each item, drawn according to split_options(): in whole groups (linked()), the same
/// share of each class of the first label that has classes. Reads the labels and groups of every
/// item.
/// @throws ConfigError if validation and test leave nothing to train on.
std::vector<Split> draw_splits(const Dataset& dataset, const Options& options);

}  // namespace earshot::kit
