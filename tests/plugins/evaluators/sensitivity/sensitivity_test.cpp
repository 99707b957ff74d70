#include <set>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include "pair_trial.hpp"

namespace sensitivity {
namespace {

using earshot::Numbers;
using testing::AllOf;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

earshot::Item item_of(const std::string& scene, const std::string& quantity) {
  return {.id = scene + "-" + quantity,
          .split = earshot::Split::test,
          .groups = {{"clip", scene}},
          .slices = {{"quantity", quantity}},
          .clips = {{}, {}}};
}

/// Codes of two books and four frames.
at::Tensor book_pair(std::vector<std::int64_t> codes) {
  return at::tensor(codes).view({2, 4});
}

std::string refusal(Sensitivity evaluator, PairTrial trial) {
  try {
    evaluator.predict(trial);
  } catch (const earshot::DataError& error) {
    return error.what();
  }
  return "";
}

TEST(Sensitivity, compares_the_clips_of_an_item_and_its_scene_with_the_next_one) {
  const auto a = book_pair({1, 1, 1, 1, 2, 2, 2, 2}), b = book_pair({1, 1, 1, 3, 4, 4, 4, 4});
  PairTrial trial({{item_of("a", "gain"), {a, a}},
                   {item_of("a", "noise"), {a, book_pair({1, 1, 1, 0, 2, 2, 0, 0})}},
                   {item_of("b", "gain"), {b, b}}});
  auto evaluator = make();
  evaluator.predict(trial);
  ASSERT_EQ(trial.predictions.size(), 3U);
  const auto& gain = trial.predictions[0].measures;
  const auto& noise = trial.predictions[1].measures;
  EXPECT_EQ(gain.at("changed"), 0);
  EXPECT_EQ(noise.at("changed"), 3.0 / 8);
  EXPECT_EQ(noise.at("changed_01"), 1.0 / 4);
  EXPECT_EQ(noise.at("changed_02"), 2.0 / 4);
  // The next scene is b for both items of a, and a for b.
  for (const auto& prediction : trial.predictions) {
    EXPECT_EQ(prediction.measures.at("between_01"), 1.0 / 4);
    EXPECT_EQ(prediction.measures.at("between_02"), 1);
    EXPECT_EQ(prediction.measures.at("between"), 5.0 / 8);
  }
  EXPECT_NEAR(earshot::test::numbers_of(evaluator, trial).at("relative"), 0.375 / (3 * 0.625),
              1e-12);
}

TEST(Sensitivity, takes_items_without_the_group_clip_as_scenes_of_their_own) {
  const auto a = book_pair({1, 1, 1, 1, 2, 2, 2, 2}), b = book_pair({0, 0, 0, 0, 0, 0, 0, 0});
  std::vector<Pair> pairs = {{item_of("a", "gain"), {a, a}}, {item_of("b", "gain"), {b, b}}};
  for (auto& pair : pairs)
    pair.item.groups.clear();
  PairTrial trial(pairs);
  make().predict(trial);
  EXPECT_EQ(trial.predictions[0].measures.at("between"), 1);
}

TEST(Sensitivity, reads_features_of_encoders_without_codes) {
  const auto still = at::zeros({3, 2}), moved = at::ones({3, 2});
  PairTrial trial(
      {{item_of("a", "gain"), {still, moved}}, {item_of("b", "gain"), {4 * moved, moved}}});
  auto evaluator = make({{"reads", std::string("features")}});
  EXPECT_TRUE(evaluator.uses().features);
  EXPECT_FALSE(evaluator.uses().codes);
  EXPECT_TRUE(make().uses().codes);
  evaluator.predict(trial);
  const auto& first = trial.predictions[0].measures;
  EXPECT_NEAR(first.at("distance"), std::sqrt(2), 1e-12);
  EXPECT_NEAR(first.at("between"), 4 * std::sqrt(2), 1e-12);
  EXPECT_NEAR(earshot::test::numbers_of(evaluator, trial).at("relative"), 0.5, 1e-12);
}

TEST(Sensitivity, has_no_relative_value_for_an_encoder_to_which_all_scenes_are_the_same) {
  const auto still = at::zeros({3, 2});
  PairTrial trial({{item_of("a", "gain"), {still, still}}, {item_of("b", "gain"), {still, still}}});
  auto evaluator = make({{"reads", std::string("features")}});
  evaluator.predict(trial);
  EXPECT_FALSE(earshot::test::numbers_of(evaluator, trial).contains("relative"));
}

TEST(Sensitivity, gives_the_first_codebooks_metrics_of_their_own) {
  const auto a = book_pair({1, 1, 1, 1, 2, 2, 2, 2});
  PairTrial trial({{item_of("a", "gain"), {a, a}}, {item_of("b", "gain"), {a + 1, a}}});
  const auto names = [&](std::int64_t books) {
    PairTrial again = trial;
    auto evaluator = make({{"books", books}});
    evaluator.predict(again);
    std::set<std::string> declared, given;
    for (const auto& metric : evaluator.metrics())
      declared.insert(metric.name);
    for (const auto& [name, value] : earshot::test::numbers_of(evaluator, again))
      given.insert(name);
    EXPECT_THAT(declared, testing::IsSupersetOf(given));
    EXPECT_EQ(declared.size(), 3 + 2 * static_cast<std::size_t>(books));
    return given;
  };
  EXPECT_THAT(names(0), UnorderedElementsAre("changed", "between", "relative"));
  EXPECT_THAT(names(1),
              UnorderedElementsAre("changed", "between", "relative", "changed_01", "between_01"));
  EXPECT_EQ(names(32).size(), 7U);
}

TEST(Sensitivity, is_judged_by_codes_or_by_the_relative_distance) {
  const auto primary = [](const Sensitivity& evaluator) {
    std::string name;
    for (const auto& metric : evaluator.metrics())
      if (metric.primary) name += metric.name;
    return name;
  };
  EXPECT_EQ(primary(make()), "changed");
  EXPECT_EQ(primary(make({{"reads", std::string("features")}})), "relative");
}

TEST(Sensitivity, refuses_items_with_one_clip_and_a_single_scene) {
  const auto a = book_pair({1, 1, 1, 1, 2, 2, 2, 2});
  Pair lone{item_of("b", "gain"), {a, a}};
  lone.item.clips.resize(1);
  EXPECT_THAT(refusal(make(), PairTrial({{item_of("a", "gain"), {a, a}}, lone})),
              AllOf(HasSubstr("item 'b-gain' has one clip"), HasSubstr("pairs = \"steps\"")));
  EXPECT_THAT(
      refusal(make(), PairTrial({{item_of("a", "gain"), {a, a}}, {item_of("a", "noise"), {a, a}}})),
      AllOf(HasSubstr("all 2 test items are of one scene"), HasSubstr("clip a")));
}

}  // namespace
}  // namespace sensitivity
