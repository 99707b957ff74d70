#pragma once
#include <functional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "scenes.hpp"

namespace earshot::scenes {

/// A dataset with default options and `clips` items.
Scenes make_scenes(std::int64_t clips, std::map<std::string, OptionValue> more = {});

/// One feature vector for each item, and the item's properties.
struct Table {
  std::vector<Item> items{};
  at::Tensor rows{};  ///< float64 (N, D)
};

/// Mean and standard deviation over frames of a log-mel spectrogram with 64 bands up to 8 kHz.
std::vector<double> log_mel(const Signal& signal);
/// Level, peak at 16 kHz and peak at 32 kHz, dB; a linear probe can form their differences itself.
std::vector<double> level(const Signal& signal);

/// Makes `features` of every item; several items at a time.
Table table(
    const Scenes& scenes,
    const std::function<std::vector<double>(const Scene& scene, std::size_t length)>& features);

/// Balanced accuracy on test items of a multinomial logistic regression fitted to standardised
/// training items, with its penalty chosen on validation items.
double probe(const Table& table, const LabelSpec& label);

}  // namespace earshot::scenes
