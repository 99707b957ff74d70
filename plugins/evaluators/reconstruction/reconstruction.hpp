#pragma once
#include <earshot/evaluator.hpp>
#include <earshot/options.hpp>

namespace reconstruction {

/// Decodes the codes of clip 0 of each test item, and compares the audio with the original: both at
/// the codec's rate, prepared according to its needs() and the task's `audio`, channels averaged.
/// Nothing is aligned in time or level. Audio beyond the original's end is cut off, missing audio
/// is replaced by silence. A number that cannot be computed for an item is left out: the metric's n
/// says for how many items it was computed. The first items are left to be heard (leave_sample():
/// "sample_<n>").
class Reconstruction final : public earshot::Evaluator {
 public:
  static earshot::OptionSchema options();
  Reconstruction(const earshot::Options& options, const earshot::Context& context);

  earshot::Uses uses() const override { return {.codes = true, .audio = true, .seed = false}; }
  std::vector<earshot::MetricSpec> metrics() const override;
  /// @throws Unsupported if the encoder is not a codec, ConfigError if its codes have fewer levels
  /// than the options ask for.
  void predict(earshot::Trial& trial) override;

 private:
  std::int64_t levels_;   ///< that are decoded; 0: all
  std::int64_t samples_;  ///< items that can be heard afterwards
  bool stability_;
  std::int64_t books_;  ///< whose entropy is reported
};

}  // namespace reconstruction
