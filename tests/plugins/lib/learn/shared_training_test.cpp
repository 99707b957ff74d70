#include <mutex>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/learn/turn_sums.hpp>

#include <earshot/kit/random.hpp>

#include "loop_case.hpp"
#include "together.hpp"
#include "training_case.hpp"

namespace {

using namespace earshot;
using kit::Communicator;
using test::CurveTrial;
using test::Given;
using test::loop;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// A plane through points of unequal weight, batches of 7. One of its parameters matters to every
/// 14th point only. A judge, which is a second group, learns how far off the plane is; and upkeep
/// counts the points.
class Plane : public kit::Trainee {
 public:
  at::Tensor slope = at::full({3}, 0.5F).requires_grad_();
  at::Tensor rare = at::zeros({1}).requires_grad_(), judge = at::zeros({1}).requires_grad_();
  at::Tensor count = at::zeros({}, at::kDouble), upkeep = at::zeros({});
  std::int64_t validations = 0;
  std::int64_t diverges_at = -1;  ///< a point whose loss is not finite

  std::vector<ParameterGroup> groups() const override {
    return {{"model", {{"slope", slope}, {"rare", rare}}}, {"judge", {{"judge", judge}}}};
  }
  void train(bool) override {}
  State state() const override {
    return {.tensors = {{"slope", slope}, {"rare", rare}, {"judge", judge}, {"upkeep", upkeep}}};
  }
  void load_state(const State& state) override {
    const at::NoGradGuard no_grad;
    slope.copy_(state.tensors.at("slope"));
    rare.copy_(state.tensors.at("rare"));
    judge.copy_(state.tensors.at("judge"));
    upkeep.copy_(state.tensors.at("upkeep"));
  }
  State unsaved() const override { return state(); }

  void share(const kit::Share& share) override { share_ = share; }
  kit::LossSum loss(const Turn& turn, std::int64_t number) override {
    std::vector<std::int64_t> batch;
    for (std::int64_t i = 0; i < 7; ++i)
      batch.push_back(7 * number + i);
    const auto points = share_.of(batch);
    if (turn.group == 0) count += static_cast<double>(points.size());
    return loss_of(points, turn.group);
  }
  std::vector<at::Tensor> step_sums() override { return {count}; }
  void finish_step(std::int64_t) override {
    upkeep += count;
    count.zero_();
  }
  std::vector<std::int64_t> validation_items() const override { return {1000, 1001, 1002}; }
  std::vector<kit::LossSum> validation_losses(std::span<const std::int64_t> items) override {
    ++validations;
    const std::vector<std::int64_t> points(items.begin(), items.end());
    return {loss_of(points, 0), loss_of(points, 1)};
  }

 private:
  kit::LossSum loss_of(const std::vector<std::int64_t>& points, std::size_t group) const {
    kit::LossSum all{.sum = at::zeros({}), .examples = std::ssize(points)};
    for (const auto point : points) {
      kit::Random random(kit::derive(3, "point", point));
      const auto x = at::tensor({random.normal(), random.normal(), 1.0}, at::kFloat);
      const auto weight = static_cast<double>(1 + point % 3);
      auto error = (x * slope).sum() - (2 * x[0] - x[1] + 0.3);
      if (point % 14 == 3) error = error + rare[0] - 1;
      if (point == diverges_at) error = error * std::nan("");
      const auto term = group == 0 ? error.square() : (judge[0] - error.detach().abs()).square();
      all.sum = all.sum + weight * term;
      all.weight += weight;
    }
    all.parts = {{"mean", (all.sum / all.weight).detach()}};
    return all;
  }

  kit::Share share_{};
};

/// What came of a training in one of its processes.
struct Result {
  std::map<std::string, std::vector<double>> curves{};
  State state{};
  std::optional<kit::TrainingLoop::Outcome> outcome{};
  std::int64_t validations = 0;
  std::optional<State> saved{};
};

/// By rank. The first process is asked to stop after so many steps, the others always are.
std::vector<Result> train(std::int64_t processes, const Given& given, std::int64_t stop_after = -1,
                          const std::optional<State>& own = {}) {
  std::vector<Result> results(static_cast<std::size_t>(processes));
  const auto act = [&](const Communicator& all) {
    CurveTrial trial({.stop_after = all.leads() ? stop_after : 0});
    Plane plane;
    if (own && all.leads()) {
      State part;
      for (const auto* name : {"slope", "rare", "judge", "upkeep"})
        part.tensors.emplace(name, own->tensors.at(name));
      plane.load_state(part);
    }
    auto& result = results[static_cast<std::size_t>(all.rank())];
    result.outcome = loop(given).run(trial, plane, all.leads() ? own : std::nullopt, all);
    result.curves = trial.curves;
    result.validations = plane.validations;
    CurveTrial next;
    next.continue_from(trial);
    result.saved = next.resume();
    for (const auto& [name, tensor] : plane.state().tensors)
      result.state.tensors.emplace(name, tensor.detach().clone());
  };
  if (processes == 1)
    act(Communicator());
  else
    test::Together::run(processes, act);
  return results;
}

void expect_same_bits(const State& a, const State& b) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors)
    EXPECT_TRUE(at::equal(tensor, b.tensors.at(name))) << name;
}

Given settings() {
  return {{"max_steps", std::int64_t{20}},
          {"accumulate", std::int64_t{2}},
          {"ema", 0.5},
          {"validate_every", std::int64_t{4}},
          {"clip", 1.0},
          {"weight_decay", 0.1}};
}

using SharedTraining = test::Together;

TEST_F(SharedTraining, has_the_losses_of_one_process) {
  const auto alone = train(1, settings());
  for (const std::int64_t processes : {2, 3}) {
    SCOPED_TRACE(processes);
    const auto results = train(processes, settings());
    for (const auto& [curve, expected] : alone[0].curves) {
      if (curve.ends_with("per_second")) continue;
      const auto& ours = results[0].curves.at(curve);
      ASSERT_EQ(ours.size(), expected.size()) << curve;
      for (std::size_t i = 0; i < ours.size(); ++i)
        EXPECT_NEAR(ours[i], expected[i], 1e-5 * std::abs(expected[i])) << curve << " " << i;
    }
    for (const auto& [name, tensor] : alone[0].state.tensors)
      EXPECT_LE((results[0].state.tensors.at(name) - tensor).abs().max().item<double>(), 1e-5)
          << name;
    EXPECT_EQ(results[0].outcome->examples, alone[0].outcome->examples);
    EXPECT_TRUE(
        at::equal(results[0].state.tensors.at("upkeep"), alone[0].state.tensors.at("upkeep")));
  }
}

TEST_F(SharedTraining, ends_in_all_processes_with_the_same_bits_and_outcome) {
  auto given = settings();
  given["patience"] = std::int64_t{1};
  given["lr"] = 0.5;
  const auto results = train(3, given);
  EXPECT_LT(results[0].outcome->steps, 20) << "patience ends it";
  for (const auto& other : results) {
    expect_same_bits(results[0].state, other.state);
    EXPECT_EQ(other.outcome->steps, results[0].outcome->steps);
    EXPECT_EQ(other.outcome->train_loss, results[0].outcome->train_loss);
    EXPECT_EQ(other.outcome->validation_loss, results[0].outcome->validation_loss);
  }
  expect_same_bits(train(3, given)[0].state, results[0].state);
}

TEST_F(SharedTraining, validates_records_and_saves_in_the_first_process_only) {
  auto given = settings();
  given["checkpoint_every"] = std::int64_t{5};
  const auto results = train(2, given);
  EXPECT_EQ(results[0].validations, 5);
  EXPECT_TRUE(results[0].saved);
  EXPECT_EQ(results[1].validations, 0);
  EXPECT_FALSE(results[1].saved);
  EXPECT_TRUE(results[1].curves.empty());
}

TEST_F(SharedTraining, that_is_stopped_resumes_from_what_the_first_has_saved_with_the_same_bits) {
  const auto whole = train(2, settings());
  for (const std::int64_t step : {0, 7, 13}) {
    SCOPED_TRACE(step);
    const auto stopped = train(2, settings(), step);
    for (const auto& result : stopped)
      EXPECT_FALSE(result.outcome);
    ASSERT_TRUE(stopped[0].saved);
    const auto rest = train(2, settings(), -1, stopped[0].saved);
    expect_same_bits(rest[0].state, whole[0].state);
    expect_same_bits(rest[1].state, whole[0].state);
    EXPECT_EQ(rest[0].outcome->validation_loss, whole[0].outcome->validation_loss);
    EXPECT_EQ(rest[0].curves.at("train_model_loss").back(),
              whole[0].curves.at("train_model_loss").back());
  }
}

TEST_F(SharedTraining, that_diverges_in_one_share_ends_everywhere_with_the_reason) {
  run(2, [](const Communicator& all) {
    CurveTrial trial;
    Plane plane;
    plane.diverges_at = 7 * 3 + 6;  // in the share of the second process
    EXPECT_THAT([&] { loop().run(trial, plane, {}, all); },
                ThrowsMessage<ConfigError>(
                    HasSubstr("training diverged: the group 'model': loss of step 3 is nan")));
  });
}

TEST_F(SharedTraining, is_refused_by_what_cannot_be_shared) {
  struct Whole : Plane {
    void share(const kit::Share& share) override { Trainee::share(share); }
  };
  run(2, [](const Communicator& all) {
    CurveTrial trial;
    Whole whole;
    EXPECT_THAT([&] { loop().run(trial, whole, {}, all); },
                ThrowsMessage<Unsupported>(HasSubstr("cannot be shared by processes")));
  });
}

TEST(TrainingLoop, refuses_more_processes_than_items_of_a_batch_and_processes_that_nobody_started) {
  EXPECT_THAT(
      [] {
        loop({{"processes", std::int64_t{4}}, {"batch_size", std::int64_t{3}}});
      },
      ThrowsMessage<ConfigError>(HasSubstr("processes is 4, and batch_size is 3")));
  if (!test::Together::possible()) {
    EXPECT_THAT(
        [] {
          loop({{"processes", std::int64_t{2}}});
        },
        ThrowsMessage<ConfigError>(HasSubstr("this build has no gloo")));
    return;
  }
  CurveTrial trial;
  Plane plane;
  EXPECT_THAT(
      [&] {
        loop({{"processes", std::int64_t{2}}}).run(trial, plane, {});
      },
      ThrowsMessage<ConfigError>(HasSubstr("WORLD_SIZE is not set")));
}

class DataParallelFixture : public earshot::testing::TrainingCase {
 protected:
  DataParallelFixture() : TrainingCase("data_parallel") {}
  void SetUp() override {
    if (!test::Together::possible()) GTEST_SKIP() << "this build has no gloo";
    TrainingCase::SetUp();
  }

  /// The gradient of the batch in two processes. @returns the loss of the first one's share
  double expect_gradients(const std::string& name, bool tokens) const {
    double first = 0;
    test::Together::run(2, [&](const Communicator& all) {
      test::Network network(kit::Checkpoint(folder / "model.safetensors"), *goldens, tokens, 8);
      network.share(all.share());
      const auto loss = network.loss({}, 0);
      loss.sum.backward();
      std::vector<kit::PartSums> sums{sums_of(loss)};
      if (all.leads()) first = sums[0].loss / sums[0].weight;
      const auto parameters = network.groups()[0].parameters;
      add_up(all, sums, parameters);
      for (const auto& [parameter, tensor] : parameters)
        expect_near("out/" + name + "/grad/" + parameter, tensor.grad() / sums[0].weight);
    });
    return first;
  }

  void expect_step(const std::string& name, bool tokens, std::int64_t micro) const {
    test::Together::run(2, [&](const Communicator& all) {
      test::Network network(kit::Checkpoint(folder / "model.safetensors"), *goldens, tokens, micro);
      CurveTrial trial;
      loop({{"max_steps", std::int64_t{1}},
            {"accumulate", 8 / micro},
            {"lr", 0.01},
            {"weight_decay", 0.1},
            {"clip", json("config.json").at("clip").get<double>()}})
          .run(trial, network, {}, all);
      for (const auto& [parameter, tensor] : network.state().tensors)
        expect_near("out/" + name + "/after_step/" + parameter, tensor);
      if (!all.leads()) return;
      EXPECT_NEAR(trial.curves.at("gradient_norm")[0],
                  golden("out/" + name + "/grad_norm").item<double>(),
                  tolerance("out/" + name + "/grad_norm"));
    });
  }
};

TEST_F(DataParallelFixture, has_in_two_processes_the_gradient_of_two_processes_and_of_the_whole) {
  const auto first = expect_gradients("two_processes", false);
  EXPECT_NEAR(first, golden("out/two_processes/loss_rank0").item<double>(),
              tolerance("out/two_processes/loss_rank0"));
  expect_gradients("whole", false);
}
TEST_F(DataParallelFixture, weighs_tokens_equally_whatever_process_they_are_in) {
  const auto first = expect_gradients("tokens_whole", true);
  EXPECT_NEAR(first, golden("out/two_processes/tokens/loss_rank0").item<double>(),
              tolerance("out/two_processes/tokens/loss_rank0"));
}
TEST_F(DataParallelFixture, takes_the_step_of_the_whole_batch_in_two_processes) {
  expect_step("whole", false, 8);
  expect_step("accumulated", false, 2);
  expect_step("tokens_whole", true, 8);
  expect_step("tokens_accumulated_global_count", true, 2);
}

}  // namespace
