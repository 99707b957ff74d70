#include "host/report/verify.hpp"

#include <gmock/gmock.h>

#include "host/base/failure.hpp"
#include "host/report/page.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

PageData small_page() {
  ReportedExperiment experiment{.name = "ablation"};
  experiment.claims.push_back({.name = "acoustics", .verdict = "undecided"});
  experiment.rows = {{.label = "htsat"}, {.label = "mimi"}};
  experiment.scores = {{.row = 0, .value = 0.5}, {.row = 1, .value = 0.75}};
  return {.generator = "Earshot 1", .results = "results.db", .experiments = {experiment}};
}

TEST(PageDifferences, are_none_in_equal_data_whoever_made_the_page) {
  const Json page = small_page();
  auto other = small_page();
  other.generator = "Earshot 2";
  EXPECT_THAT(page_differences(page, Json(other)), IsEmpty());
}

TEST(PageDifferences, say_where_they_are_and_what_both_sides_say) {
  auto forged = small_page();
  forged.experiments[0].claims[0].verdict = "supported";
  forged.experiments[0].scores[1].value.reset();
  EXPECT_THAT(page_differences(Json(forged), Json(small_page())),
              ElementsAre("experiments 'ablation', claims 'acoustics', verdict: the page says "
                          "'supported', the results 'undecided'",
                          "experiments 'ablation', scores 2, value: the page says nothing, the "
                          "results 0.75"));
}

TEST(PageDifferences, lists_of_another_length_are_one_difference_and_the_rest_is_counted) {
  auto now = small_page();
  now.experiments[0].rows.pop_back();
  EXPECT_THAT(page_differences(Json(small_page()), Json(now)),
              ElementsAre(HasSubstr("rows: the page says a list of 2, the results a list of 1")));
  auto many = small_page();
  for (auto& row : many.experiments[0].rows)
    row.control = "control";
  EXPECT_THAT(page_differences(Json(small_page()), Json(many), 1),
              ElementsAre(HasSubstr("control"), "... 2 differences in all"));
}

TEST(PageDifferences, a_field_that_the_page_has_in_addition_is_one) {
  Json page = small_page();
  page["experiments"][0]["award"] = "best paper";
  EXPECT_THAT(page_differences(page, Json(small_page())), ElementsAre(HasSubstr("award")));
}

class ReadPageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (page_template.empty()) GTEST_SKIP() << "built without D3 (Debian's package node-d3)";
    auto data = small_page();
    page_ = page_of(data);
  }

  static std::string refusal(const std::string& content) {
    try {
      read_page(content, "'x.html'");
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.code(), ExitCode::usage);
      return failure.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }

  std::string replaced(const std::string& from, const std::string& to) const {
    auto page = page_;
    page.replace(page.find(from), from.size(), to);
    return page;
  }

  std::string page_{};
};

TEST_F(ReadPageTest, finds_data_experiments_and_whether_the_rest_is_untouched) {
  const auto read = read_page(page_, "'x.html'");
  EXPECT_EQ(read.data, Json(small_page()));
  EXPECT_THAT(read.experiments, ElementsAre("ablation"));
  EXPECT_TRUE(read.same_frame);
  EXPECT_FALSE(read_page(replaced("<main", "<h1>We won</h1><main"), "'x.html'").same_frame);
  EXPECT_FALSE(read_page(page_ + "<p>We won", "'x.html'").same_frame);
}

TEST_F(ReadPageTest, refuses_what_it_cannot_judge_and_says_why) {
  EXPECT_THAT(refusal("my thesis"), HasSubstr("'x.html' is not a page of 'runner report'"));
  EXPECT_THAT(refusal(page_.substr(0, page_.find("\"ablation\""))), HasSubstr("lost its data"));
  EXPECT_THAT(refusal(replaced("\"results\":", "\"results\"")), HasSubstr("cannot be read"));
  EXPECT_THAT(refusal(replaced("\"format\":3", "\"format\":4")),
              AllOf(HasSubstr("format 4"), HasSubstr("reads format 3"), HasSubstr("Earshot 1")));
  EXPECT_THAT(refusal(replaced("\"format\":3,", "")), HasSubstr("format 1"));
  EXPECT_THAT(refusal(replaced("\"name\":\"ablation\"", "\"name\":7")),
              HasSubstr("which experiments"));
}

}  // namespace
}  // namespace earshot::host
