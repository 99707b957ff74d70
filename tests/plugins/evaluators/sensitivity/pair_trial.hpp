#pragma once
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "evaluators/sensitivity/sensitivity.hpp"
#include "memory_trial.hpp"

namespace sensitivity {

/// An item with what an encoder made of its clips: float32 (T, D) for features, int64 (Q, T) for
/// codes.
struct Pair {
  earshot::Item item{};
  std::array<at::Tensor, 2> clips{};
};

/// A trial with these test items.
class PairTrial final : public earshot::test::MemoryTrial {
 public:
  explicit PairTrial(std::vector<Pair> pairs)
      : MemoryTrial({}, {}, {}, examples(pairs)), pairs_(std::move(pairs)) {}

  earshot::FeatureBatch features(earshot::Split, at::IntArrayRef items,
                                 std::int64_t clip) override {
    auto [values, lengths] = stack(items, clip, 0);
    return {.values = std::move(values), .lengths = std::move(lengths)};
  }
  earshot::CodeBatch codes(earshot::Split, at::IntArrayRef items, std::int64_t clip) override {
    auto [values, lengths] = stack(items, clip, 1);
    return {.codes = std::move(values), .lengths = std::move(lengths)};
  }

 private:
  static std::vector<Example> examples(const std::vector<Pair>& pairs) {
    std::vector<Example> all;
    for (const auto& pair : pairs)
      all.push_back({.item = pair.item});
    return all;
  }
  /// Padded at the end of `axis` to the longest.
  std::pair<at::Tensor, at::Tensor> stack(at::IntArrayRef items, std::int64_t clip,
                                          std::int64_t axis) const {
    std::vector<at::Tensor> parts;
    std::vector<std::int64_t> lengths;
    for (const auto index : items) {
      parts.push_back(
          pairs_.at(static_cast<std::size_t>(index)).clips.at(static_cast<std::size_t>(clip)));
      lengths.push_back(parts.back().size(axis));
    }
    auto shape = parts.front().sizes().vec();
    shape[static_cast<std::size_t>(axis)] = *std::max_element(lengths.begin(), lengths.end());
    shape.insert(shape.begin(), static_cast<std::int64_t>(parts.size()));
    auto all = at::zeros(shape, parts.front().options());
    for (std::size_t b = 0; b < parts.size(); ++b)
      all[static_cast<std::int64_t>(b)].narrow(axis, 0, lengths[b]).copy_(parts[b]);
    return {all, at::tensor(lengths)};
  }

  std::vector<Pair> pairs_;
};

inline Sensitivity make(std::map<std::string, earshot::OptionValue> given = {}) {
  return Sensitivity(earshot::Options(Sensitivity::options(), given), {.device = at::kCPU});
}

}  // namespace sensitivity
