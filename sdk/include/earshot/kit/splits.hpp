#pragma once
#include <optional>
#include <string>
#include <vector>

#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

// Splits of a dataset of the user's: as its names say them, or drawn as its options ask.

namespace earshot::kit {

/// The split that is called so, in whatever case: train, training; validation, valid, val, dev;
/// test, testing, eval, evaluation.
std::optional<Split> split_named(const std::string& name);

/// The options `validation` and `test`, shares of the items from 0 to 0.9 (0.1 and 0.2), and
/// `seed`. `where` says in their help when they apply: "if there is no folder for them".
OptionSchema split_options(const std::string& where);

/// A split for each item, drawn as split_options() say: in whole groups (linked()), the same share
/// of each class of the first label that has classes. Asks for every item's labels and groups.
/// @throws ConfigError where validation and test leave nothing to train on.
std::vector<Split> draw_splits(const Dataset& dataset, const Options& options);

}  // namespace earshot::kit
