#include "representation.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "sound_file.hpp"
#include "tone_learner.hpp"

namespace {

using namespace earshot;
using representation::Representation;
using test::ToneLearner;
using test::ToneTrial;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Goal = Objective::Goal;
using Given = std::map<std::string, OptionValue>;

Representation make(Given given = {}) {
  given.try_emplace("target", std::string("kind"));
  given.try_emplace("max_steps", std::int64_t{60});
  given.try_emplace("lr", 0.1);
  given.try_emplace("validate_every", std::int64_t{20});
  given.try_emplace("log_every", std::int64_t{1});
  return Representation(Options(Representation::options(), given), Context{.device = c10::kCPU});
}

void fit(ToneTrial& trial, Given given = {}) {
  const at::NoGradGuard no_grad;
  make(std::move(given)).fit(trial);
}

Given label(const std::string& objective, const std::string& target) {
  return {{"objective", objective}, {"target", target}};
}

TEST(Representation, trains_an_encoder_to_tell_classes_apart) {
  ToneTrial trial;
  fit(trial);
  const auto& objective = trial.tone_learner().objective;
  EXPECT_EQ(objective.goal, Goal::classes);
  EXPECT_TRUE(objective.exclusive);
  EXPECT_THAT(objective.classes, ::testing::ElementsAre("low", "middle", "high"));
  const auto& losses = trial.curves.at("validation_model_loss");
  ASSERT_EQ(losses.size(), 3u);
  EXPECT_LT(losses.back(), 0.5 * std::log(3.0));
  EXPECT_EQ(trial.curves.at("validation_model_accuracy").back(), 1);
  EXPECT_EQ(trial.reports().at("validation_loss"), losses.back());
  EXPECT_EQ(trial.reports().at("train_steps"), 60);
  EXPECT_EQ(trial.reports().at("trained_weights"), 3 * 3 + 3 + 1);
  EXPECT_FALSE(trial.tone_learner().training);
}

TEST(Representation, learns_sets_numbers_and_vectors_too) {
  ToneTrial sets, numbers, vectors;
  fit(sets, label("classes", "tags"));
  EXPECT_FALSE(sets.tone_learner().objective.exclusive);
  fit(numbers, label("values", "octave"));
  EXPECT_EQ(numbers.tone_learner().objective.values, 1);
  fit(vectors, label("values", "row"));
  EXPECT_EQ(vectors.tone_learner().objective.values, 3);
  for (auto* trial : {&numbers, &vectors}) {
    const auto& losses = trial->curves.at("train_model_loss");
    EXPECT_LT(losses.back(), 0.7 * losses.front());
  }
}

TEST(Representation, standardises_values_column_by_column_unless_told_not_to) {
  const auto targets = [](bool standardise) {
    ToneTrial trial;
    auto given = label("values", "row");
    given["standardise"] = standardise;
    given["batch_size"] = std::int64_t{60};  // all of them
    given["max_steps"] = std::int64_t{1};
    fit(trial, given);
    return trial.tone_learner().batches.front().targets;
  };
  const auto scaled = targets(true).to(at::kDouble);
  EXPECT_LE(scaled.mean(0).abs().max().item<double>(), 1e-6);
  EXPECT_LE((scaled.square().mean(0) - 1).abs().max().item<double>(), 1e-6);
  EXPECT_TRUE(at::equal(targets(false).sum(1), at::ones({60})));
}

/// The tone trial with one octave for all items, and no vector for every tenth item.
class TenthTrial : public ToneTrial {
 public:
  Item item(Split split, std::int64_t index) const override {
    auto item = ToneTrial::item(split, index);
    item.labels["octave"] = 0.1;
    if (index % 10 == 9) item.labels.erase("row");
    return item;
  }
};

at::Tensor first_targets(const std::string& target, std::int64_t items) {
  TenthTrial trial;
  auto given = label("values", target);
  given["batch_size"] = items;  // all that have the label
  given["max_steps"] = std::int64_t{1};
  fit(trial, given);
  return trial.tone_learner().batches.front().targets;
}

// Regression: the mean of many times 0.1 is not 0.1, so the deviation was not 0, and the target
// became 1.
TEST(Representation, standardises_a_value_that_never_changes_to_zero) {
  EXPECT_LT(first_targets("octave", 60).abs().max().item<double>(), 1e-6);
}

TEST(Representation, leaves_out_items_without_the_vector) {
  EXPECT_EQ(first_targets("row", 54).sizes(), at::IntArrayRef({54, 3}));
}

TEST(Representation, imitates_a_teacher) {
  EXPECT_TRUE(make({{"objective", std::string("teacher")}}).uses().features);
  EXPECT_FALSE(make().uses().features);
  ToneTrial trial;
  auto given = label("teacher", "");
  given["crop_seconds"] = 0.3;
  fit(trial, given);
  EXPECT_EQ(trial.tone_learner().objective.teacher.dim, 8);
  const auto& losses = trial.curves.at("train_model_loss");
  EXPECT_LT(losses.back(), 0.8 * losses.front());
  for (const auto& batch : trial.tone_learner().batches)
    EXPECT_EQ(batch.teacher.values.size(1), 3) << "0.3 s at 10 Hz";
}

TEST(Representation, calls_a_learner_in_the_order_that_it_expects) {
  ToneTrial trial;
  fit(trial, {{"max_steps", std::int64_t{1}},
              {"accumulate", std::int64_t{2}},
              {"batch_size", std::int64_t{30}}});
  EXPECT_THAT(
      trial.tone_learner().calls,
      ::testing::ElementsAre("prepare", "train", "loss 0/0", "loss 0/1", "loss 1/0", "loss 1/1",
                             "step_sums", "finish_step", "rest", "measure 0/0", "measure 1/0"));
  EXPECT_EQ(trial.tone_learner().clips.item<double>(), 60);
}

std::vector<std::vector<float>> first_samples(const ToneLearner& learner) {
  std::vector<std::vector<float>> all;
  for (const auto& batch : learner.batches) {
    const auto first = batch.audio.samples.select(2, 0).flatten().contiguous();
    all.emplace_back(first.const_data_ptr<float>(), first.const_data_ptr<float>() + first.numel());
  }
  return all;
}

TEST(Representation, draws_other_stretches_in_each_step_and_the_same_for_a_seed) {
  const auto stretches = [](std::uint64_t seed) {
    ToneTrial trial({.cell_seed = seed});
    fit(trial, {{"crop_seconds", 0.2},
                {"max_steps", std::int64_t{8}},
                {"validate_every", std::int64_t{0}}});
    for (const auto& batch : trial.tone_learner().batches)
      EXPECT_EQ(batch.audio.samples.size(2), 1600);
    return first_samples(trial.tone_learner());
  };
  const auto one = stretches(1);
  EXPECT_EQ(one, stretches(1));
  EXPECT_NE(one, stretches(2));
  for (std::size_t step = 1; step < one.size(); ++step)
    EXPECT_NE(one[step], one[0]) << step;
}

TEST(Representation, that_is_stopped_at_any_step_resumes_with_the_same_bits) {
  const Given given{{"max_steps", std::int64_t{8}},
                    {"accumulate", std::int64_t{2}},
                    {"crop_seconds", 0.3},
                    {"ema", 0.9},
                    {"validate_every", std::int64_t{3}}};
  ToneTrial undisturbed;
  at::manual_seed(7);  // as a host does before prepare()
  fit(undisturbed, given);
  for (std::int64_t step = 0; step < 8; ++step) {
    SCOPED_TRACE(step);
    ToneTrial stopped({.stop_after = step}), rest;
    at::manual_seed(7);
    fit(stopped, given);
    rest.continue_from(stopped);
    fit(rest, given);
    const auto expected = undisturbed.tone_learner().state().tensors;
    for (const auto& [name, tensor] : rest.tone_learner().state().tensors)
      EXPECT_TRUE(at::equal(tensor, expected.at(name))) << name;
    EXPECT_EQ(rest.reports(), undisturbed.reports());
  }
}

/// Codes of 8 bits per sample.
class Quantiser final : public Codec {
 public:
  CodeSpec code_spec() const override {
    return {.frame_rate = ToneLearner::rate, .first_frame = 0, .sizes = {256}};
  }
  CodeBatch quantize(const AudioBatch& audio) override {
    return {((audio.samples + 1) * 127.5).round().clamp(0, 255).to(at::kLong), audio.lengths,
            code_spec()};
  }
  FeatureBatch embed(const CodeBatch&) override { throw Unsupported("it has no features"); }
  AudioBatch decode(const CodeBatch& codes) override {
    return {codes.codes.to(at::kFloat) / 127.5 - 1, codes.lengths, ToneLearner::rate};
  }
};

TEST(Representation, shows_what_a_codec_reconstructs) {
  Quantiser codec;
  ToneTrial trial({.codec = &codec}), without;
  auto given = label("reconstruction", "");
  given["samples"] = std::int64_t{2};
  given["crop_seconds"] = 0.5;
  fit(trial, given);
  EXPECT_THAT(trial.artifacts, ::testing::ElementsAre(
                                   "sample_0.png", "sample_0_after.flac", "sample_0_before.flac",
                                   "sample_1.png", "sample_1_after.flac", "sample_1_before.flac"));
  for (const auto& name : std::set(trial.artifacts))
    EXPECT_GT(std::filesystem::file_size(trial.artifact(name)), 1000u) << name;
  const auto before = earshot::testing::read_sound(trial.artifact("sample_0_before.flac"));
  EXPECT_EQ(before.interleaved.size(), 4000u);
  EXPECT_EQ(before.rate, ToneLearner::rate);
  EXPECT_THAT(trial.curves.at("samples"), ::testing::Each(2.0));
  fit(without, given);
  EXPECT_FALSE(without.curves.contains("samples"));
  EXPECT_TRUE(without.artifacts.empty()) << "the codec of the synthetic trial only decodes";
}

void expect_refused(ToneTrial& trial, const Given& given, const std::string& why) {
  EXPECT_THAT([&] { fit(trial, given); }, ThrowsMessage<earshot::Error>(HasSubstr(why))) << why;
}

TEST(Representation, refuses_what_cannot_be_learnt_and_says_why) {
  ToneTrial trial;
  expect_refused(trial, label("classes", ""), "objective needs a label");
  expect_refused(trial, label("reconstruction", "kind"), "this objective learns no label");
  expect_refused(trial, label("values", "kind"), "label 'kind' has classes");
  expect_refused(trial, label("classes", "octave"), "label 'octave' is a number or a vector");
  expect_refused(trial, label("classes", "room"), "no label 'room'");
  expect_refused(trial, {{"batch_size", std::int64_t{61}}},
                 "batch_size is 61, and there are only 60 training items");
  ToneTrial same;
  same.one_class = true;
  expect_refused(same, {}, "label 'kind' is the same for all 60 training items");
  ToneTrial demanding;
  demanding.tone_learner().needs_.min_seconds = 0.5;
  demanding.tone_learner().needs_.pad = Pad::zero;
  expect_refused(demanding, {{"crop_seconds", 0.25}}, "the encoder takes at least 0.5");
}

// Regression: without training items, the error said that none of them had the label ''.
TEST(Representation, says_that_there_are_no_training_items) {
  ToneTrial empty({.sizes = {0, 30, 30}});
  expect_refused(empty, label("reconstruction", ""), "there are no training items");
  expect_refused(empty, {}, "there are no training items");
}

TEST(Representation, declares_what_it_reports) {
  const auto evaluator = make();
  EXPECT_TRUE(evaluator.uses().learner);
  EXPECT_TRUE(evaluator.uses().audio);
  EXPECT_EQ(evaluator.metrics().front().name, "validation_loss");
  EXPECT_TRUE(evaluator.metrics().front().primary);
}

}  // namespace
