#include <map>

#include <gmock/gmock.h>

#include "host/analyse/compare.hpp"
#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::int64_t items_of_each_run = 40;

/// Runs whose accuracy on an item is determined by their number, without a results file.
class Given : public Observations {
 public:
  std::vector<ItemTraits> items(std::int64_t) const override {
    std::vector<ItemTraits> items(items_of_each_run);
    for (std::size_t i = 0; i < items.size(); ++i)
      items[i].slices = {{"category", {i % 2 == 0 ? "event" : "mood"}}};
    return items;
  }
  std::vector<Mark> marks(std::int64_t run, const std::string&) const override {
    std::vector<Mark> marks;
    for (const auto item : predicted(run))
      marks.push_back({item, item % periods.at(run) == 0 ? 0.0 : 1.0});
    return marks;
  }
  std::vector<std::int64_t> predicted(std::int64_t) const override {
    std::vector<std::int64_t> all(items_of_each_run);
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = static_cast<std::int64_t>(i);
    return all;
  }
  std::optional<RecordedScore> score(std::int64_t, const std::string&,
                                     const SliceName&) const override {
    return std::nullopt;
  }
  std::optional<MetricDefinition> definition(std::int64_t,
                                             const std::string& metric) const override {
    if (metric != "accuracy") return std::nullopt;
    return MetricDefinition{.kind = "mean", .version = 1};
  }
  std::vector<std::string> metrics(std::int64_t) const override { return {"accuracy"}; }

  std::map<std::int64_t, std::int64_t> periods{{1, 2}, {2, 10}};  ///< wrong on every n-th item
};

DesignCell cell(const std::string& encoder, std::int64_t run) {
  return {.axes = {{"encoder", encoder}, {"task", "room"}},
          .position = run,
          .run = run,
          .dataset_id = 1,
          .key = encoder,
          .primary = "accuracy"};
}

Design design(Claims claims = {}) {
  return make_design("given", 1, std::move(claims), {cell("mfcc", 1), cell("mimi", 2)});
}

TEST(InMemory, runs_are_compared_without_a_results_file) {
  const auto found = compare(design(), std::nullopt, Given(), {.experiment = "given"});
  ASSERT_THAT(found.lines, SizeIs(1));
  const auto& line = found.lines[0];
  EXPECT_EQ(found.base, "mfcc");
  EXPECT_EQ(line.candidate, "mimi");
  EXPECT_EQ(line.difference.items, items_of_each_run);
  EXPECT_DOUBLE_EQ(line.difference.base, 0.5);
  EXPECT_DOUBLE_EQ(line.difference.candidate, 0.9);
  EXPECT_TRUE(line.significant());
}

TEST(InMemory, slices_and_unknown_metrics_are_looked_up_in_what_was_observed) {
  const auto by_category = compare(design(), std::nullopt, Given(), {.by = {"category"}});
  ASSERT_THAT(by_category.lines, SizeIs(2));
  EXPECT_EQ(by_category.lines[0].difference.items, items_of_each_run / 2);
  try {
    compare(design(), std::nullopt, Given(), {.metric = "acuracy"});
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_THAT(failure.what(), AllOf(HasSubstr("acuracy"), HasSubstr("accuracy")));
  }
}

TEST(InMemory, two_experiments_are_compared_cell_by_cell) {
  auto later = make_design("later", 2, {}, {cell("mfcc", 2)});
  auto earlier = make_design("earlier", 1, {}, {cell("mfcc", 1)});
  const auto found = compare(std::move(later), std::move(earlier), Given(),
                             {.experiment = "later", .with = "earlier"});
  ASSERT_THAT(found.lines, SizeIs(1));
  EXPECT_EQ(found.base, "earlier");
  EXPECT_NEAR(found.lines[0].difference.interval.estimate, 0.4, 1e-12);
}

TEST(InMemory, a_claim_is_judged_without_a_results_file) {
  Claims claims;
  claims.hypotheses = {{.name = "codec",
                        .claim = "mimi > mfcc",
                        .candidate = "mimi",
                        .relation = Relation::better,
                        .base = "mfcc"}};
  const auto found = verdicts(design(std::move(claims)), Given());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].verdict, "supported");
}

TEST(InMemory, provenance_is_put_in_words) {
  EXPECT_THAT(provenance_lines({{"mimi", "hf://a/b", {"speech"}, {"digits"}},
                                {"mfcc", "", Json::array(), Json::array()},
                                {"htsat", "x.ckpt", nullptr, Json::array()}},
                               {{"qa", {{"audio", 1}, {"caption", 3}}}, {"none", {{"audio", 0}}}}),
              ElementsAre("mimi: hf://a/b, trained on speech; in domain: digits", "mfcc: untrained",
                          "htsat: x.ckpt, training data not stated",
                          "reference answers of qa: 25 % audio, 75 % caption"));
}

}  // namespace
}  // namespace earshot::host
