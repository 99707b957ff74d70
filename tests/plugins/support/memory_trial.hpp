#pragma once
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include <earshot/evaluator.hpp>
#include <earshot/kit/random.hpp>

#include "temporary_folder.hpp"

namespace earshot::test {

/// A trial with items and features in memory; it keeps what was recorded.
class MemoryTrial : public Trial {
 public:
  struct Example {
    Item item{};
    at::Tensor features{};  ///< float32 (T, D)
  };

  MemoryTrial(std::vector<LabelSpec> labels, FeatureSpec spec, std::vector<Example> train,
              std::vector<Example> test, std::vector<Example> validation = {})
      : labels_(std::move(labels)),
        spec_(spec),
        examples_{std::move(train), std::move(validation), std::move(test)} {}

  std::uint64_t cell_seed = 0;
  std::vector<Prediction> predictions{};
  Numbers reports{};
  std::map<std::string, std::vector<double>, std::less<>> curves{};

  std::int64_t size(Split split) const override {
    return static_cast<std::int64_t>(of(split).size());
  }
  Item item(Split split, std::int64_t index) const override {
    return of(split).at(static_cast<std::size_t>(index)).item;
  }
  LabelSpec label(std::string_view name) const override {
    for (const auto& label : labels_)
      if (label.name == name) return label;
    throw ConfigError("no label '" + std::string(name) + "'");
  }
  FeatureSpec feature_spec() const override { return spec_; }
  FeatureBatch features(Split split, at::IntArrayRef items, std::int64_t) override {
    std::vector<at::Tensor> all;
    std::vector<std::int64_t> lengths;
    std::int64_t longest = 0;
    for (const auto i : items) {
      all.push_back(of(split).at(static_cast<std::size_t>(i)).features);
      lengths.push_back(all.back().size(0));
      longest = std::max(longest, lengths.back());
    }
    auto values = at::zeros({static_cast<std::int64_t>(items.size()), longest, spec_.dim});
    for (std::size_t b = 0; b < all.size(); ++b)
      values[static_cast<std::int64_t>(b)].narrow(0, 0, lengths[b]).copy_(all[b]);
    return {.values = values, .lengths = at::tensor(lengths), .spec = spec_};
  }
  CodeBatch codes(Split, at::IntArrayRef, std::int64_t) override { throw Unsupported("no codes"); }
  AudioBatch audio(Split, at::IntArrayRef, std::int64_t) override { throw Unsupported("no audio"); }
  Encoder& encoder() override { throw Unsupported("no encoder"); }
  Codec& codec() override { throw Unsupported("no codec"); }
  Learner& learner() override { throw Unsupported("no learner"); }
  Mapper& mapper() override { throw Unsupported("no mapper"); }
  LanguageModel& language_model() override { throw Unsupported("no language model"); }
  std::uint64_t seed(std::string_view stream, std::int64_t index) const override {
    return kit::derive(cell_seed, std::string(stream).c_str(), index);
  }
  void predict(Prediction prediction) override { predictions.push_back(std::move(prediction)); }
  void report(std::string_view metric, double value, std::int64_t) override {
    reports[std::string(metric)] = value;
  }
  void point(std::string_view curve, std::int64_t, double value) override {
    curves[std::string(curve)].push_back(value);
  }
  std::filesystem::path artifact(std::string_view name) override {
    return *folder_ / std::string(name);
  }
  void progress(std::int64_t, std::int64_t) override {}
  bool stop() const override { return false; }
  void save(const State&) override {}
  std::optional<State> resume() override { return {}; }

 private:
  const std::vector<Example>& of(Split split) const {
    return examples_[static_cast<std::size_t>(split)];
  }
  std::vector<LabelSpec> labels_;
  FeatureSpec spec_;
  std::vector<Example> examples_[3];
  std::shared_ptr<testing::TemporaryFolder> folder_ = std::make_shared<testing::TemporaryFolder>();
};

/// Mean of the marks, and the scores, of all test items, as the host computes them; without counts.
template <class Evaluator>
Numbers numbers_of(const Evaluator& evaluator, const MemoryTrial& trial) {
  Numbers sums;
  std::map<std::string, int> counts;
  std::vector<Item> items;
  items.reserve(trial.predictions.size());
  std::vector<Outcome> outcomes;
  for (const auto& prediction : trial.predictions) {
    items.push_back(trial.item(Split::test, prediction.item));
    outcomes.push_back({items.back(), prediction});
    for (const auto& [name, value] : evaluator.mark(items.back(), prediction)) {
      sums[name] += value;
      ++counts[name];
    }
  }
  for (auto& [name, value] : sums)
    value /= counts[name];
  sums.merge(evaluator.score(outcomes));
  std::erase_if(sums, [](const auto& entry) { return entry.first.ends_with(".n"); });
  return sums;
}

}  // namespace earshot::test
