#include <set>

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/learn/averaged_weights.hpp>

#include "loop_case.hpp"
#include "training_case.hpp"

namespace {

using namespace earshot;
using kit::LossSum;
using test::CurveTrial;
using test::Given;
using test::loop;
using test::Network;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// A line through noisy points, with dropout of the noise; while a critic, which is a second group,
/// learns to predict the line's own error.
class Line : public kit::Trainee {
 public:
  explicit Line(bool with_critic = true) : with_critic_(with_critic) {}

  at::Tensor weight = at::full({2}, 0.5F).requires_grad_();
  at::Tensor critic = at::full({1}, 0.1F).requires_grad_();
  at::Tensor upkeep = at::zeros({1});
  bool training = false;
  std::vector<std::string> log{};

  std::vector<ParameterGroup> groups() const override {
    std::vector<ParameterGroup> all{{"model", {{"weight", weight}}}};
    if (with_critic_) all.push_back({"critic", {{"critic", critic}}});
    return all;
  }
  void train(bool on) override { training = on; }
  State state() const override {
    return {.tensors = {{"weight", weight}, {"critic", critic}, {"upkeep", upkeep}}, .text = {}};
  }
  void load_state(const State& state) override {
    const at::NoGradGuard no_grad;
    weight.copy_(state.tensors.at("weight"));
    critic.copy_(state.tensors.at("critic"));
    upkeep.copy_(state.tensors.at("upkeep"));
  }
  State unsaved() const override { return state(); }

  LossSum loss(const Turn& turn, std::int64_t number) override {
    EXPECT_TRUE(training);
    log.push_back(std::to_string(turn.step) + "/" + std::to_string(turn.group) + "/" +
                  std::to_string(turn.part) + "/" + std::to_string(number));
    const auto x = points(number);
    const auto noise = turn.group == 0 ? at::rand({x.size(0)}) : at::zeros({x.size(0)});
    const auto error = (x * weight[0] + weight[1] - 3 * x - 1 + 0.1 * noise).square();
    if (turn.group == 1) return sum((error.detach() - critic).square(), x.size(0));
    return sum(error + critic.square(), x.size(0));
  }
  void finish_step(std::int64_t) override {
    EXPECT_FALSE(at::GradMode::is_enabled());
    upkeep.add_(weight.detach()[0]);
  }
  std::vector<std::int64_t> validation_items() const override { return {0, 1, 2, 3, 4}; }
  std::vector<LossSum> validation_losses(std::span<const std::int64_t> items) override {
    EXPECT_FALSE(training);
    EXPECT_FALSE(at::GradMode::is_enabled());
    LossSum all{.sum = at::zeros({}), .weight = 0};
    for (const auto item : items) {
      const auto x = points(1000 + item);
      all.sum = all.sum + (x * weight[0] + weight[1] - 3 * x - 1).square().sum();
      all.weight += static_cast<double>(x.size(0));
    }
    return {all};
  }

 protected:
  /// As many points as a hash of the number says.
  static at::Tensor points(std::int64_t number) {
    kit::Random random(kit::derive(1, "points", number));
    auto x = at::empty({2 + random.below(4)});
    for (std::int64_t i = 0; i < x.size(0); ++i)
      x.mutable_data_ptr<float>()[i] = static_cast<float>(random.uniform(-1, 1));
    return x;
  }
  static LossSum sum(const at::Tensor& terms, std::int64_t count) {
    return {.sum = terms.sum(),
            .weight = static_cast<double>(count),
            .parts = {{"largest", terms.detach().max()}},
            .examples = count};
  }

 private:
  bool with_critic_;
};

TEST(TrainingLoop, follows_the_gradient_of_each_group) {
  CurveTrial trial;
  Line line;
  const auto outcome = loop({{"max_steps", std::int64_t{200}}}).run(trial, line, {});
  EXPECT_EQ(outcome->steps, 200);
  EXPECT_EQ(outcome->parameters, 3);
  EXPECT_FALSE(outcome->validation_loss);
  EXPECT_NEAR(line.weight[0].item<double>(), 3, 0.1);
  EXPECT_LT(trial.curves.at("train_model_loss").back(), 0.05);
  EXPECT_EQ(trial.curves.at("train_model_loss").size(), 200u);
  for (const auto* curve : {"train_critic_loss", "train_critic_largest", "gradient_norm_critic",
                            "learning_rate", "steps_per_second", "examples_per_second"})
    EXPECT_EQ(trial.curves.count(curve), 1u) << curve;
  EXPECT_FALSE(line.training);
}

TEST(TrainingLoop, gives_each_group_its_turn_with_the_batches_of_the_step) {
  CurveTrial trial;
  Line line;
  loop({{"max_steps", std::int64_t{2}}, {"accumulate", std::int64_t{2}}}).run(trial, line, {});
  EXPECT_THAT(line.log, ::testing::ElementsAre("0/0/0/0", "0/0/1/1", "0/1/0/0", "0/1/1/1",  //
                                               "1/0/0/2", "1/0/1/3", "1/1/0/2", "1/1/1/3"));
}

TEST(TrainingLoop, drops_what_a_group_s_loss_leaves_in_another_group) {
  CurveTrial trial;
  // The model's loss contains the critic's square, whose gradient of 0.2 the critic must not feel.
  struct Still : Line {
    LossSum loss(const Turn& turn, std::int64_t number) override {
      auto given = Line::loss(turn, number);
      if (turn.group == 1) given.sum = critic.sum() * 0;
      return given;
    }
  } line;
  loop().run(trial, line, {});
  EXPECT_EQ(line.critic.item<float>(), 0.1F);
}

TEST(TrainingLoop, has_plain_names_for_the_curves_of_a_single_group) {
  CurveTrial trial;
  Line line(false);
  loop({{"log_every", std::int64_t{5}}}).run(trial, line, {});
  EXPECT_EQ(trial.curves.at("train_loss").size(), 3u) << "steps 5, 10 and the last";
  EXPECT_EQ(trial.curves.count("train_largest"), 1u);
  EXPECT_EQ(trial.curves.count("gradient_norm"), 1u);
}

std::vector<double> values(const State& state) {
  std::vector<double> all;
  for (const auto& [name, tensor] : state.tensors)
    for (const auto& value : tensor.detach().flatten().unbind())
      all.push_back(value.item<double>());
  return all;
}

TEST(TrainingLoop, that_is_stopped_at_any_step_resumes_with_the_same_bits) {
  const auto given = Given{{"accumulate", std::int64_t{3}},
                           {"ema", 0.9},
                           {"validate_every", std::int64_t{4}},
                           {"log_every", std::int64_t{5}},
                           {"warm_up", std::int64_t{3}},
                           {"schedule", std::string("cosine")},
                           {"clip", 0.5},
                           {"batch_size", std::int64_t{2}}};
  CurveTrial undisturbed;
  Line whole;
  const auto expected = loop(given).run(undisturbed, whole, {});
  for (std::int64_t step = 0; step < 12; ++step) {
    SCOPED_TRACE(step);
    CurveTrial stopped({.stop_after = step}), rest;
    Line first, second;
    EXPECT_FALSE(loop(given).run(stopped, first, {}));
    rest.continue_from(stopped);
    const auto own = rest.resume();
    ASSERT_TRUE(own);
    second.load_state({.tensors = {{"weight", own->tensors.at("weight")},
                                   {"critic", own->tensors.at("critic")},
                                   {"upkeep", own->tensors.at("upkeep")}},
                       .text = {}});
    const auto outcome = loop(given).run(rest, second, own);
    EXPECT_EQ(values(whole.state()), values(second.state()));
    EXPECT_EQ(outcome->validation_loss, expected->validation_loss);
    EXPECT_EQ(outcome->train_loss, expected->train_loss);
    for (const auto& [curve, all] : undisturbed.curves) {
      if (curve.ends_with("per_second")) continue;
      auto joined = stopped.curves[curve];
      joined.insert(joined.end(), rest.curves[curve].begin(), rest.curves[curve].end());
      EXPECT_EQ(joined, all) << curve;
    }
  }
}

TEST(TrainingLoop, names_what_a_state_lacks) {
  CurveTrial trial;
  Line line;
  loop({{"max_steps", std::int64_t{1}}, {"checkpoint_every", std::int64_t{1}}})
      .run(trial, line, {});
  auto own = *trial.resume();
  own.tensors.erase("loop/waited");
  EXPECT_THAT([&] { loop().run(trial, line, own); },
              ThrowsMessage<DataError>(HasSubstr("loop/waited")));
}

TEST(TrainingLoop, keeps_the_average_of_the_weights) {
  CurveTrial trial, plain;
  Line averaged;
  loop({{"ema", 0.8}}).run(trial, averaged, {});
  // The same training, averaged by hand after each step.
  struct Watched : Line {
    std::vector<at::Tensor> seen{};
    void finish_step(std::int64_t step) override {
      Line::finish_step(step);
      seen.push_back(weight.detach().clone());
    }
  } watched;
  loop().run(plain, watched, {});
  auto average = at::full({2}, 0.5F);
  for (const auto& weight : watched.seen)
    average = 0.8 * average + 0.2 * weight;
  EXPECT_LE((averaged.weight.detach() - average).abs().max().item<double>(), 1e-6);
}

TEST(TrainingLoop, validates_the_average_and_trains_on_from_the_weights) {
  CurveTrial trial, without;
  Line validated, line;
  const auto outcome =
      loop({{"ema", 0.9}, {"validate_every", std::int64_t{3}}}).run(trial, validated, {});
  loop({{"ema", 0.9}}).run(without, line, {});
  EXPECT_EQ(trial.curves.at("train_model_loss"), without.curves.at("train_model_loss"));
  EXPECT_EQ(values(validated.state()), values(line.state())) << "the last average is the best";
  EXPECT_EQ(trial.curves.at("validation_model_loss").size(), 4u);
  EXPECT_EQ(outcome->validation_loss, trial.curves.at("validation_model_loss").back());
}

/// Gets worse after a few steps: the points that it learns from are on another line.
struct Misled : Line {
  Misled() : Line(false) {}
  int shown = 0;
  LossSum loss(const Turn&, std::int64_t number) override {
    const auto x = points(number);
    return sum((x * weight[0] + weight[1] - 1).square(), x.size(0));
  }
  std::vector<LossSum> validation_losses(std::span<const std::int64_t>) override {
    return {{.sum = (weight[1] - 0.7).square(), .weight = 1}};
  }
  void show_best(std::int64_t) override { ++shown; }
};

TEST(TrainingLoop, keeps_the_best_state_and_ends_when_patience_does) {
  const auto given = Given{{"max_steps", std::int64_t{100}},
                           {"validate_every", std::int64_t{1}},
                           {"patience", std::int64_t{3}}};
  CurveTrial trial;
  Misled line;
  const auto outcome = loop(given).run(trial, line, {});
  const auto& losses = trial.curves.at("validation_loss");
  const auto best = std::min_element(losses.begin(), losses.end());
  EXPECT_EQ(losses.end() - best, 4) << "the best, and three without improvement";
  EXPECT_EQ(outcome->steps, std::ssize(losses));
  EXPECT_EQ(outcome->validation_loss, *best);
  EXPECT_NEAR(line.weight[1].item<double>(), 0.7, 0.05);
  EXPECT_EQ(line.shown, best - losses.begin() + 1);

  auto last = given;
  last["keep"] = std::string("last");
  CurveTrial other;
  Misled kept;
  const auto end = loop(last).run(other, kept, {});
  EXPECT_EQ(end->validation_loss, losses.back());
  EXPECT_GT(kept.weight[1].item<double>(), line.weight[1].item<double>());
}

TEST(TrainingLoop, measures_as_many_validation_items_as_it_may) {
  struct Counting : Line {
    std::set<std::int64_t> seen{};
    std::vector<LossSum> validation_losses(std::span<const std::int64_t> items) override {
      EXPECT_LE(items.size(), 2u);
      seen.insert(items.begin(), items.end());
      return Line::validation_losses(items);
    }
  } line;
  CurveTrial trial;
  const auto outcome = loop({{"validate_every", std::int64_t{6}},
                             {"validation_items", std::int64_t{3}},
                             {"batch_size", std::int64_t{2}}})
                           .run(trial, line, {});
  EXPECT_EQ(line.seen.size(), 3u) << "the same in both validations";
  EXPECT_EQ(outcome->validation_items, 3);
}

TEST(TrainingLoop, says_why_a_training_that_diverges_ends) {
  struct Exploding : Line {
    LossSum loss(const Turn& turn, std::int64_t number) override {
      auto given = Line::loss(turn, number);
      if (turn.step == 3 && turn.group == 1) given.sum = given.sum * std::nan("");
      return given;
    }
  } line;
  CurveTrial trial;
  EXPECT_THAT([&] { loop().run(trial, line, {}); },
              ThrowsMessage<ConfigError>(
                  HasSubstr("training diverged: the group 'critic': loss of step 3 is nan")));
}

TEST(TrainingLoop, refuses_to_train_nothing) {
  struct Frozen : Line {
    std::vector<ParameterGroup> groups() const override { return {{"model", {}}}; }
  } line;
  CurveTrial trial;
  EXPECT_THAT([&] { loop().run(trial, line, {}); },
              ThrowsMessage<ConfigError>(HasSubstr("nothing to train")));
}

TEST(TrainingLoop, computes_only_the_loss_in_bfloat16) {
  struct Watching : Line {
    std::set<bool> in_loss{}, elsewhere{};
    static bool autocast() { return at::autocast::is_autocast_enabled(at::kCPU); }
    LossSum loss(const Turn& turn, std::int64_t number) override {
      in_loss.insert(autocast());
      return Line::loss(turn, number);
    }
    std::vector<LossSum> validation_losses(std::span<const std::int64_t> items) override {
      elsewhere.insert(autocast());
      return Line::validation_losses(items);
    }
    void finish_step(std::int64_t step) override {
      elsewhere.insert(autocast());
      Line::finish_step(step);
    }
  };
  for (const bool bf16 : {false, true}) {
    Watching line;
    CurveTrial trial;
    loop({{"precision", std::string(bf16 ? "bf16" : "float32")},
          {"validate_every", std::int64_t{6}}})
        .run(trial, line, {});
    EXPECT_THAT(line.in_loss, ::testing::ElementsAre(bf16));
    EXPECT_THAT(line.elsewhere, ::testing::ElementsAre(false));
  }
}

class AccumulationFixture : public earshot::testing::TrainingCase {
 protected:
  AccumulationFixture() : TrainingCase("data_parallel") {}

  void expect_step(const std::string& name, bool tokens, std::int64_t micro) const {
    Network network(kit::Checkpoint(folder / "model.safetensors"), *goldens, tokens, micro);
    CurveTrial trial;
    loop({{"max_steps", std::int64_t{1}},
          {"accumulate", 8 / micro},
          {"lr", 0.01},
          {"weight_decay", 0.1},
          {"clip", json("config.json").at("clip").get<double>()}})
        .run(trial, network, {});
    EXPECT_NEAR(trial.curves.at("gradient_norm")[0],
                golden("out/" + name + "/grad_norm").item<double>(),
                tolerance("out/" + name + "/grad_norm"));
    for (const auto& [parameter, tensor] : network.state().tensors)
      expect_near("out/" + name + "/after_step/" + parameter, tensor);
  }
};

TEST_F(AccumulationFixture, is_the_whole_batch_in_one) {
  expect_step("whole", false, 8);
}
TEST_F(AccumulationFixture, is_the_whole_batch_in_parts) {
  expect_step("accumulated", false, 2);
}
TEST_F(AccumulationFixture, weighs_tokens_equally_in_one_batch) {
  expect_step("tokens_whole", true, 8);
}
TEST_F(AccumulationFixture, weighs_tokens_equally_whatever_part_they_are_in) {
  expect_step("tokens_accumulated_global_count", true, 2);
}

}  // namespace
