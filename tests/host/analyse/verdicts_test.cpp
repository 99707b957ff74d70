#include "host/analyse/compare.hpp"
#include "synthetic.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// htsat is wrong on half of the items, mimi on an eighth, twin as htsat but for one item, blind as
/// htsat, perfect and flawless on (almost) none.
class Verdicts : public Synthetic {
 protected:
  void finish(const std::vector<std::string>& tasks = {"room"}) {
    add_cells({"htsat", "mimi", "twin", "blind", "perfect", "flawless"}, tasks, 1);
    plan();
    for (const auto& cell : cells_)
      run(cell, marks_of(cell.encoder));
  }
  static Marks marks_of(const std::string& encoder) {
    if (encoder == "mimi") return wrong_every(8);
    if (encoder == "perfect") return wrong_every(59);
    if (encoder == "flawless") return wrong_every(1000);
    if (encoder == "twin") return [](std::int64_t i) { return i % 2 == 0 && i != 22 ? 0.0 : 1.0; };
    return wrong_every(2);
  }
  std::string only_line() const {
    const auto lines = verdict_lines(*store_, "ablation");
    EXPECT_EQ(lines.size(), 1U);
    return lines.empty() ? "" : lines[0];
  }
};

TEST_F(Verdicts, a_claim_that_holds_is_supported) {
  claim({{"name", "acoustics"}, {"claim", "mimi > htsat"}, {"tasks", {"room"}}});
  finish();
  EXPECT_THAT(only_line(),
              AllOf(StartsWith("acoustics (mimi > htsat in room): supported, mimi is better than "
                               "htsat: accuracy +0.375 (95 % interval +"),
                    HasSubstr("40 items in 20 groups, 1 seed")));
}

TEST_F(Verdicts, a_claim_the_other_way_round_is_contradicted) {
  claim({{"name", "acoustics"}, {"claim", "mimi < htsat"}});
  finish();
  EXPECT_THAT(only_line(), HasSubstr("contradicted, mimi is better than htsat"));
}

TEST_F(Verdicts, better_means_less_where_less_is_better) {
  claim({{"name", "errors"}, {"claim", "mimi > htsat"}, {"metric", "error"}});
  finish();
  EXPECT_THAT(only_line(), HasSubstr("supported, mimi is better than htsat: error -0.375"));
}

TEST_F(Verdicts, a_margin_must_be_exceeded) {
  claim({{"name", "much"}, {"claim", "mimi > htsat"}, {"margin", 0.1}});
  claim({{"name", "too_much"}, {"claim", "mimi > htsat"}, {"margin", 0.9}});
  finish();
  const auto lines = verdict_lines(*store_, "ablation");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr("supported, mimi is better than htsat, by more than 0.100"));
  EXPECT_THAT(lines[1], HasSubstr("contradicted, mimi is better than htsat, not by more than 0.9"));
  EXPECT_THAT(lines[0], HasSubstr("after Holm over 2 claims"));
}

TEST_F(Verdicts, equivalence_needs_an_interval_within_the_margin) {
  claim({{"name", "wide"}, {"claim", "twin = htsat"}, {"margin", 0.3}});
  claim({{"name", "narrow"}, {"claim", "twin = htsat"}, {"margin", 0.03}});
  claim({{"name", "far"}, {"claim", "mimi = htsat"}, {"margin", 0.03}});
  finish();
  const auto found = verdicts(*store_, "ablation");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].verdict, "supported");
  EXPECT_THAT(found[0].sentence, HasSubstr("twin and htsat differ by less than 0.300"));
  EXPECT_EQ(found[1].verdict, "undecided");
  EXPECT_THAT(found[1].sentence, HasSubstr("may or may not differ by 0.030"));
  EXPECT_EQ(found[2].verdict, "contradicted");
  EXPECT_THAT(found[2].sentence, HasSubstr("differ by more than 0.030"));
}

TEST_F(Verdicts, what_the_items_cannot_tell_is_undecided) {
  claim({{"name", "close"}, {"claim", "twin > htsat"}});
  finish();
  EXPECT_THAT(only_line(), HasSubstr("undecided, twin and htsat may or may not differ"));
}

TEST_F(Verdicts, holm_makes_many_claims_harder_to_support) {
  claim({{"name", "first"}, {"claim", "mimi > htsat"}});
  for (int i = 0; i < 5; ++i)
    claim({{"name", "other" + std::to_string(i)}, {"claim", "twin > htsat"}});
  finish();
  const auto found = verdicts(*store_, "ablation");
  EXPECT_NEAR(found[0].p_adjusted, 6 * found[0].p, 1e-12);
  EXPECT_EQ(found[0].verdict, "supported");
}

TEST_F(Verdicts, nothing_is_testable_where_the_positive_control_does_not_beat_the_blind_one) {
  claim({{"name", "broken"},
         {"claim", "mimi > htsat"},
         {"positive_control", "twin"},
         {"blind_control", "blind"}});
  claim({{"name", "sound"},
         {"claim", "mimi > htsat"},
         {"positive_control", "mimi"},
         {"blind_control", "blind"}});
  finish();
  const auto found = verdicts(*store_, "ablation");
  EXPECT_EQ(found[0].verdict, "not testable");
  EXPECT_THAT(found[0].sentence,
              HasSubstr("the positive control twin does not beat the blind blind: +0.025"));
  EXPECT_EQ(found[1].verdict, "supported");
}

TEST_F(Verdicts, above_97_percent_there_is_no_room_to_differ) {
  claim({{"name", "easy"}, {"claim", "perfect = flawless"}, {"margin", 0.2}});
  finish();
  EXPECT_THAT(only_line(), HasSubstr("saturated, both lie above 97 % (1.000 and 0.975)"));
}

TEST_F(Verdicts, a_claim_over_several_tasks_is_about_their_mean_difference) {
  claim({{"name", "both"}, {"claim", "mimi > htsat"}, {"tasks", {"room", "noise"}}});
  add_cells({"htsat", "mimi"}, {"room", "noise"}, 1);
  plan();
  for (const auto& cell : cells_)
    run(cell, cell.task == "noise" ? marks_of("htsat") : marks_of(cell.encoder));
  const auto found = verdicts(*store_, "ablation");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_DOUBLE_EQ(found[0].difference.interval.estimate, 0.375 / 2);
  EXPECT_EQ(found[0].difference.items, 80);
  EXPECT_EQ(found[0].difference.groups, 20);  // the same clips in both tasks
  // Half the difference of one task, and half its error: the other task differs nowhere.
  const auto alone = compared().lines[0].difference.interval;
  EXPECT_NEAR(found[0].difference.interval.standard_error, alone.standard_error / 2, 1e-12);
}

TEST_F(Verdicts, slices_restrict_a_claim) {
  claim({{"name", "moods"}, {"claim", "mimi > htsat"}, {"slices", {{"category", "event"}}}});
  finish();
  EXPECT_THAT(only_line(), AllOf(HasSubstr("category event"), HasSubstr("accuracy +0.750"),
                                 HasSubstr("20 items")));
}

TEST_F(Verdicts, unfinished_runs_leave_it_undecided) {
  claim({{"name", "later"}, {"claim", "mimi > htsat"}});
  add_cells({"htsat", "mimi"}, {"room"}, 2);
  plan();
  EXPECT_EQ(only_line(),
            "later (mimi > htsat): undecided, no pair of finished runs; 2 pairs of runs missing");
}

TEST_F(Verdicts, tasks_with_one_side_only_are_left_out_and_named) {
  claim({{"name", "some"}, {"claim", "mimi > htsat"}});
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  cells_.push_back(cell("htsat", "noise", 0));
  plan();
  for (const auto& cell : cells_)
    run(cell, marks_of(cell.encoder));
  EXPECT_THAT(only_line(), AllOf(HasSubstr("supported"),
                                 HasSubstr("not over 'noise', which has one side only")));
}

TEST_F(Verdicts, without_claims_there_are_no_lines) {
  finish();
  EXPECT_THAT(verdict_lines(*store_, "ablation"), IsEmpty());
}

}  // namespace
}  // namespace earshot::host
