#pragma once
#include <set>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <earshot/kit/testing.hpp>

namespace earshot::test {

/// How strong the three tones of a synthetic trial are in a clip, and a linear layer on that, which
/// learns any objective. A second group of parameters learns the mean of the first one's loss. It
/// remembers what it was called with.
class ToneLearner : public Encoder, public Learner {
 public:
  static constexpr std::int64_t rate = 8000;

  AudioNeeds needs() const override { return needs_; }
  FeatureSpec spec() const override { return {.frame_rate = 0, .first_frame = 0, .dim = 3}; }
  FeatureBatch encode(const AudioBatch& audio) override {
    return {tones(audio).unsqueeze(1), at::ones({audio.samples.size(0)}, at::kLong), spec()};
  }

  void prepare(const Objective& given) override {
    objective = given;
    const auto width = given.goal == Objective::Goal::classes   ? std::ssize(given.classes)
                       : given.goal == Objective::Goal::values  ? given.values
                       : given.goal == Objective::Goal::teacher ? given.teacher.dim
                                                                : 3;
    weight = (0.1 * at::randn({width, 3})).set_requires_grad(true);
    bias = at::zeros({width}).set_requires_grad(true);
    calls.emplace_back("prepare");
  }
  NamedTensors parameters() const override {
    return {{"weight", weight}, {"bias", bias}, {"judge", judge}};
  }
  std::vector<ParameterGroup> groups() const override {
    return {{"model", {{"weight", weight}, {"bias", bias}}}, {"judge", {{"judge", judge}}}};
  }
  void train(bool on) override {
    if (on == training) return;
    training = on;
    calls.emplace_back(on ? "train" : "rest");
  }

  Losses loss(const LearnerBatch& batch, const Turn& turn) override {
    calls.push_back((training ? "loss " : "measure ") + std::to_string(turn.group) + "/" +
                    std::to_string(turn.part));
    if (turn.group == 0) batches.push_back(batch);
    const auto count = batch.audio.samples.size(0);
    const auto heard = tones(batch.audio);
    const auto y = at::linear(heard, weight, bias);
    const auto terms = this->terms(batch, heard, y);
    if (turn.group == 1) {
      const auto total = (judge - terms.detach().mean()).square().sum();
      return {.total = total, .parts = {}, .weight = static_cast<double>(count)};
    }
    if (training) sums += static_cast<double>(count);
    return {.total = terms.mean() + 0.01 * at::rand({1}).squeeze() * weight.square().mean(),
            .parts = {{"accuracy", accuracy(batch, y)}},
            .weight = static_cast<double>(count)};
  }
  std::vector<at::Tensor> step_sums() override {
    calls.emplace_back("step_sums");
    return {sums};
  }
  void finish_step(std::int64_t) override {
    calls.emplace_back("finish_step");
    clips += sums;
    sums.zero_();
  }
  State state() const override {
    auto state = Learner::state();
    state.tensors["clips"] = clips;
    return state;
  }
  void load_state(const State& state) override {
    auto rest = state;
    clips.copy_(state.tensors.at("clips"));
    rest.tensors.erase("clips");
    Learner::load_state(rest);
  }

  AudioNeeds needs_{.sample_rate = rate};
  Objective objective{};
  std::vector<std::string> calls{};
  std::vector<LearnerBatch> batches{};  ///< of group 0
  bool training = false;
  at::Tensor weight{}, bias{}, judge = at::zeros({1}).set_requires_grad(true);
  at::Tensor sums = at::zeros({}, at::kDouble), clips = at::zeros({}, at::kDouble);

 private:
  /// (B, 3), the amplitude of each tone.
  static at::Tensor tones(const AudioBatch& audio) {
    constexpr std::int64_t longest = 2 * rate;
    static const auto phase = at::tensor({300.0F, 600.0F, 1200.0F}).unsqueeze(1) *
                              (at::arange(longest, at::kFloat) * (6.283185307 / rate));
    static const auto cosines = phase.cos(), sines = phase.sin();
    std::vector<at::Tensor> rows;
    for (std::int64_t b = 0; b < audio.samples.size(0); ++b) {
      const auto length = audio.lengths[b].item<std::int64_t>();
      const auto wave = audio.samples[b][0].narrow(0, 0, length);
      const auto along = [&](const at::Tensor& waves) {
        return waves.narrow(1, 0, length).mv(wave).square();
      };
      rows.push_back((along(cosines) + along(sines)).sqrt() * (10.0 / static_cast<double>(length)));
    }
    return at::stack(rows);
  }
  at::Tensor terms(const LearnerBatch& batch, const at::Tensor& heard, const at::Tensor& y) const {
    using enum Objective::Goal;
    if (objective.goal == classes)
      return objective.exclusive ? -(batch.targets * at::log_softmax(y, 1)).sum(1)
                                 : (at::softplus(y) - batch.targets * y).mean(1);
    if (objective.goal == values) return (y - batch.targets).square().mean(1);
    if (objective.goal == teacher)
      return (y.unsqueeze(1) - batch.teacher.values).square().mean({1, 2});
    return (y - heard).square().mean(1);
  }
  at::Tensor accuracy(const LearnerBatch& batch, const at::Tensor& y) const {
    if (objective.goal != Objective::Goal::classes) return at::zeros({});
    return y.argmax(1).eq(batch.targets.argmax(1)).to(at::kFloat).mean().detach();
  }
};

/// The synthetic trial with a tone learner, whose items also have a number and a vector that can be
/// heard: the octave of the tone, and a vector with a 1 at the tone's place and 0 elsewhere.
class ToneTrial : private ToneLearner, public kit::SyntheticTrial {
 public:
  explicit ToneTrial(kit::SyntheticTrialSpec spec = {})
      : SyntheticTrial(with(std::move(spec), *this)) {
    at::set_num_threads(1);  // much faster for such a small model
  }

  std::map<std::string, std::vector<double>> curves{};
  std::set<std::string> artifacts{};
  bool one_class = false;

  ToneLearner& tone_learner() { return *this; }
  using SyntheticTrial::learner;

  LabelSpec label(std::string_view name) const override {
    if (name == "octave") return {.name = "octave", .type = 0.0, .unit = "oct"};
    if (name == "row") return {.name = "row", .type = Vector{}, .size = 3};
    return SyntheticTrial::label(name);
  }
  Item item(Split split, std::int64_t index) const override {
    auto item = SyntheticTrial::item(split, index);
    if (one_class) item.labels["kind"] = "low";
    const auto kind = std::get<std::string>(SyntheticTrial::item(split, index).labels.at("kind"));
    const auto place = kind == "low" ? 0 : kind == "middle" ? 1 : 2;
    item.labels["octave"] = static_cast<double>(place);
    item.labels["row"] = Vector{at::eye(3)[place].contiguous()};
    return item;
  }
  void point(std::string_view curve, std::int64_t step, double value) override {
    SyntheticTrial::point(curve, step, value);
    curves[std::string(curve)].push_back(value);
  }
  std::filesystem::path artifact(std::string_view name) override {
    artifacts.insert(std::string(name));
    return SyntheticTrial::artifact(name);
  }

 private:
  static kit::SyntheticTrialSpec with(kit::SyntheticTrialSpec spec, ToneLearner& learner) {
    spec.needs = learner.needs();
    spec.encoder = &learner;
    spec.learner = &learner;
    return spec;
  }
};

}  // namespace earshot::test
