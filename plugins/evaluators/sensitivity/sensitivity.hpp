#pragma once
#include <earshot/evaluator.hpp>
#include <earshot/options.hpp>

namespace sensitivity {

/// How far the codes or features of a test item's two clips are apart, beside how far the first
/// clips of two scenes are apart. Items with the same group `clip` are of one scene, an item
/// without this group is a scene of its own; each item is compared with the next scene of the test
/// split.
///
/// With `reads` = "codes", marks: `changed` and `between`, the share of all codes that differ, and
/// `changed_01`, `between_01` ... for each codebook. With "features": `distance` and `between`, the
/// mean Euclidean distance of corresponding frames. Score: `relative`, the sum of the former over
/// the sum of the latter in a slice; left out if that is 0. Nothing is learnt, nothing is drawn.
class Sensitivity final : public earshot::Evaluator {
 public:
  static earshot::OptionSchema options();
  Sensitivity(const earshot::Options& options, const earshot::Context& context);

  earshot::Uses uses() const override {
    return {.features = !codes_, .codes = codes_, .seed = false};
  }
  std::vector<earshot::MetricSpec> metrics() const override;
  /// @throws DataError if an item has one clip only, or if all items are of one scene.
  void predict(earshot::Trial& trial) override;
  earshot::Numbers score(std::span<const earshot::Outcome> slice) const override;

 private:
  bool codes_;
  std::int64_t books_;
};

}  // namespace sensitivity
