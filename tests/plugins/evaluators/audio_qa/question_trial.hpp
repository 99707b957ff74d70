#pragma once
#include <map>
#include <memory>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <earshot/kit/small_models.hpp>
#include <earshot/kit/testing.hpp>

#include "audio_qa.hpp"

namespace earshot::test {

/// Mapper and language model, drawn from a seed.
struct Parts {
  explicit Parts(bool frozen = false, std::uint64_t seed = 1)
      : language_model((at::manual_seed(seed), frozen)) {
    at::set_num_threads(1);  // much faster for such a small model
    connect(8);
  }
  void connect(std::int64_t dim) {
    mapper.connect({.frame_rate = 10, .dim = dim}, language_model.spec().embedding_dim);
  }
  kit::SmallMapper mapper{};
  kit::SmallLanguageModel language_model;
};

/// The synthetic trial with its own mapper and language model, and questions that tests can change.
class QuestionTrial : private Parts, public kit::SyntheticTrial {
 public:
  using Change = std::function<void(Item&, Split, std::int64_t)>;

  explicit QuestionTrial(kit::SyntheticTrialSpec spec = {}, Change change = {}, bool frozen = false)
      : Parts(frozen), SyntheticTrial(with(spec, *this)), change_(std::move(change)) {}

  bool two_clips = false;  ///< the second one is the next item's
  std::map<std::string, std::vector<std::pair<std::int64_t, double>>> curves{};

  Parts& parts() { return *this; }
  using SyntheticTrial::language_model;
  using SyntheticTrial::mapper;

  Item item(Split split, std::int64_t index) const override {
    auto item = SyntheticTrial::item(split, index);
    if (two_clips) item.clips.emplace_back();
    if (change_) change_(item, split, index);
    return item;
  }
  FeatureBatch features(Split split, at::IntArrayRef items, std::int64_t clip) override {
    if (clip == 0 || !two_clips) return SyntheticTrial::features(split, items, clip);
    std::vector<std::int64_t> next;
    for (const auto item : items)
      next.push_back((item + 1) % size(split));
    return SyntheticTrial::features(split, next, 0);
  }
  Mapper& mapper_for(const FeatureSpec& in) override {
    if (in.dim != connected_) Parts::connect(connected_ = in.dim);
    return Parts::mapper;
  }
  void point(std::string_view curve, std::int64_t step, double value) override {
    SyntheticTrial::point(curve, step, value);
    curves[std::string(curve)].emplace_back(step, value);
  }

 private:
  static kit::SyntheticTrialSpec with(kit::SyntheticTrialSpec spec, Parts& parts) {
    spec.mapper = &parts.mapper;
    spec.language_model = &parts.language_model;
    return spec;
  }

  Change change_;
  std::int64_t connected_ = 8;
};

using Given = std::map<std::string, OptionValue>;

template <class T>
std::unique_ptr<T> make(Given given) {
  return std::make_unique<T>(Options(T::options(), given), Context{.device = c10::kCPU});
}

/// A short training that learns the synthetic trial's question.
inline Given quick(Given given = {}) {
  given.try_emplace("max_steps", std::int64_t{150});
  given.try_emplace("lr", 0.02);
  given.try_emplace("validate_every", std::int64_t{50});
  given.try_emplace("max_tokens", std::int64_t{8});
  return given;
}

/// The mean of one number over all test items that have it; NaN if none has it.
inline double mean(const Evaluator& evaluator, const kit::SyntheticTrial& trial,
                   const std::string& name) {
  double sum = 0, count = 0;
  for (const auto& [index, prediction] : trial.predictions()) {
    const auto marks = evaluator.mark(trial.item(Split::test, index), prediction);
    const auto found = marks.find(name);
    if (found == marks.end()) continue;
    sum += found->second;
    count += 1;
  }
  return sum / count;
}

/// Fits and predicts as the host does.
inline void run(Evaluator& evaluator, kit::SyntheticTrial& trial) {
  const at::NoGradGuard no_grad;
  evaluator.fit(trial);
  trial.end_stage();
  evaluator.predict(trial);
}

}  // namespace earshot::test
