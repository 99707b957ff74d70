#include <map>
#include <set>

#include <gmock/gmock.h>

#include <earshot/kit/names.hpp>
#include <earshot/kit/splits.hpp>

namespace {

using namespace earshot;
using namespace earshot::kit;

/// 200 items, three in each group, every fifth of class "b", every eleventh of none.
class Items final : public Dataset {
 public:
  std::int64_t size() const override { return 200; }
  std::vector<LabelSpec> labels() const override {
    return {{.name = "level", .type = 0.0}, {.name = "kind", .classes = {"b", "a"}}};
  }
  Item item(std::int64_t index) const override {
    Item item{.groups = {{"clip", std::to_string(index / 3)}}, .labels = {{"level", 1.0}}};
    if (index % 11 != 0) item.labels["kind"] = std::string(index % 5 == 0 ? "b" : "a");
    return item;
  }
};

std::vector<Split> draw(std::map<std::string, OptionValue> options) {
  return draw_splits(Items(), Options(split_options("always"), options));
}

TEST(DrawSplits, of_a_dataset_keeps_groups_whole_and_the_share_of_each_class) {
  const auto splits = draw({{"validation", 0.2}, {"test", 0.3}});
  ASSERT_EQ(splits.size(), 200U);
  std::map<std::int64_t, std::set<Split>> groups;
  std::map<Split, double> items, rare;
  for (std::int64_t i = 0; i < 200; ++i) {
    const auto split = splits[static_cast<std::size_t>(i)];
    groups[i / 3].insert(split);
    ++items[split];
    if (i % 5 == 0 && i % 11 != 0) ++rare[split];
  }
  for (const auto& [group, found] : groups)
    EXPECT_EQ(found.size(), 1U) << group;
  EXPECT_NEAR(items[Split::test], 60, 6);
  EXPECT_NEAR(items[Split::validation], 40, 6);
  EXPECT_NEAR(rare[Split::test], 0.3 * 36, 4);
}

TEST(DrawSplits, of_a_dataset_depends_only_on_its_seed) {
  EXPECT_EQ(draw({}), draw({}));
  EXPECT_NE(draw({}), draw({{"seed", std::int64_t{1}}}));
}

TEST(DrawSplits, of_a_dataset_leaves_something_to_train_on) {
  EXPECT_THAT(
      [] {
        draw({{"validation", 0.5}, {"test", 0.5}});
      },
      testing::ThrowsMessage<ConfigError>(
          testing::HasSubstr("are 0.5 and 0.5; allowed: a sum below 1")));
}

TEST(SplitNamed, knows_the_usual_names_of_splits) {
  EXPECT_EQ(split_named("Training"), Split::train);
  EXPECT_EQ(split_named("dev"), Split::validation);
  EXPECT_EQ(split_named("eval"), Split::test);
  EXPECT_EQ(split_named("dog"), std::nullopt);
}

TEST(IsAudio, checks_the_extension_in_upper_or_lower_case) {
  EXPECT_TRUE(is_audio("a/b.WAV"));
  EXPECT_TRUE(is_audio("b.old.flac"));
  EXPECT_FALSE(is_audio("wav"));
  EXPECT_FALSE(is_audio("a.wav/notes.txt"));
}

}  // namespace
