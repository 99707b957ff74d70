#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/testing.hpp>

namespace earshot::kit {
namespace {

std::vector<std::string> kinds(const SyntheticTrial& trial, Split split) {
  std::vector<std::string> all;
  for (std::int64_t i = 0; i < trial.size(split); ++i)
    all.push_back(std::get<std::string>(trial.item(split, i).labels.at("kind")));
  return all;
}

TEST(SyntheticTrial, distinguishes_kinds_by_features_codes_and_audio) {
  SyntheticTrial trial;
  const auto names = trial.label("kind").classes;
  for (std::int64_t i = 0; i < trial.size(Split::test); ++i) {
    const auto item = trial.item(Split::test, i);
    const auto kind =
        std::find(names.begin(), names.end(), std::get<std::string>(item.labels.at("kind"))) -
        names.begin();
    const auto mean = trial.features(Split::test, i).values[0].mean(0);
    EXPECT_EQ(mean.slice(0, 0, 3).argmax().item<std::int64_t>(), kind);
    EXPECT_NEAR(mean[3].item<double>(), std::get<double>(item.labels.at("level")), 0.6);
    EXPECT_EQ(trial.codes(Split::test, i).codes.floor_divide(5).max().item<std::int64_t>(), kind);
  }
}

TEST(SyntheticTrial, gives_batches_that_keep_the_rules) {
  SyntheticTrial trial;
  trial.features(Split::train, {0, 1, 2, 3}).check();
  trial.codes(Split::train, {0, 1, 2, 3}).check();
  trial.audio(Split::train, {0, 1, 2, 3}).check();
  EXPECT_THROW(trial.features(Split::train, {0}, 1), DataError);
  EXPECT_THROW(trial.features(Split::train, {60}), ContractError);
  EXPECT_THROW(trial.label("kinds"), ConfigError);
  EXPECT_THROW(trial.mapper(), Unsupported);
}

TEST(SyntheticTrial, has_no_sources_for_an_encoder_that_reads_others) {
  SyntheticTrial trial;
  EXPECT_TRUE(trial.source_specs().empty());
  EXPECT_THROW(trial.sources(Split::train, {0}), Unsupported);
}

TEST(SyntheticTrial, gives_items_a_second_clip_of_the_same_truth_if_asked) {
  SyntheticTrial one, two({.clips = 2});
  EXPECT_EQ(one.item(Split::test, 3).clips.size(), 1U);
  EXPECT_EQ(two.item(Split::test, 3).clips.size(), 2U);
  const auto first = two.features(Split::test, {3}, 0), second = two.features(Split::test, {3}, 1);
  EXPECT_TRUE(at::equal(first.values, one.features(Split::test, {3}).values));
  EXPECT_TRUE(at::equal(first.lengths, second.lengths));
  EXPECT_FALSE(at::equal(first.values, second.values));
  EXPECT_LT((first.values - second.values).mean(1).abs().max().item<double>(), 0.8);
  const auto codes = two.codes(Split::test, {3}, 0), other = two.codes(Split::test, {3}, 1);
  EXPECT_FALSE(at::equal(codes.codes, other.codes));
  EXPECT_TRUE(at::equal(codes.codes.floor_divide(5), other.codes.floor_divide(5)));
  EXPECT_THROW(two.audio(Split::test, {3}, 2), DataError);
  one.add_second_clips();
  EXPECT_TRUE(
      at::equal(one.audio(Split::test, {3}, 1).samples, two.audio(Split::test, {3}, 1).samples));
}

TEST(SyntheticTrial, other_truth_changes_only_the_labels_of_test_items) {
  SyntheticTrial one, other({.other_test_truth = true});
  EXPECT_EQ(kinds(one, Split::train), kinds(other, Split::train));
  EXPECT_NE(kinds(one, Split::test), kinds(other, Split::test));
  EXPECT_TRUE(at::equal(one.features(Split::test, {0, 1}).values,
                        other.features(Split::test, {0, 1}).values));
}

TEST(SyntheticTrial, refuses_a_second_prediction_of_an_item) {
  SyntheticTrial trial;
  trial.predict({.item = 3});
  EXPECT_THROW(trial.predict({.item = 3}), ContractError);
  EXPECT_THROW(trial.predict({.item = 30}), ContractError);
}

TEST(SyntheticTrial, continues_from_a_copy_of_the_saved_state) {
  SyntheticTrial first({.stop_after = 2}), second;
  EXPECT_FALSE(first.resume());
  auto weights = at::ones({2});
  first.progress(1, 10);
  EXPECT_FALSE(first.stop());
  first.progress(2, 10);
  EXPECT_TRUE(first.stop());
  first.predict({.item = 0});
  first.save({.tensors = {{"weights", weights}}, .text = {{"step", "2"}}});
  weights.zero_();
  second.continue_from(first);
  const auto own = second.resume();
  ASSERT_TRUE(own);
  EXPECT_TRUE(at::equal(own->tensors.at("weights"), at::ones({2})));
  EXPECT_EQ(own->text.at("step"), "2");
  EXPECT_EQ(second.predictions().size(), 1U);
}

TEST(SyntheticTrial, removes_its_artifacts) {
  std::filesystem::path file;
  {
    SyntheticTrial trial;
    file = trial.artifact("plot.svg");
    EXPECT_TRUE(std::filesystem::is_directory(file.parent_path()));
  }
  EXPECT_FALSE(std::filesystem::exists(file.parent_path()));
}

TEST(ReadOnly, is_a_copy_that_crashes_whatever_writes_to_it) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto values = at::arange(10, at::kFloat);
  auto copy = read_only(values);
  EXPECT_TRUE(at::equal(copy, values));
  EXPECT_EXIT(copy.add_(1), testing::KilledBySignal(SIGSEGV), "");
}

}  // namespace
}  // namespace earshot::kit
