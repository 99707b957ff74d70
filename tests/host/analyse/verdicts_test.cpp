#include "host/analyse/compare.hpp"
#include "statistics/paired.hpp"
#include "synthetic.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// htsat is wrong on half of the items, mimi on an eighth, twin is like htsat except for one item,
/// blind is like htsat, perfect and flawless are wrong on (almost) none.
class Verdicts : public Synthetic {
 protected:
  void finish(const std::vector<std::string>& tasks = {"room"}) {
    add_cells({"htsat", "mimi", "twin", "blind", "perfect", "flawless"}, tasks, 1);
    plan();
    for (const auto& cell : cells_)
      run(cell, marks_of(cell.encoder));
  }
  /// Finishes htsat and mimi, one scored by letter and the other by any matching rule.
  void finish_with_two_rules() {
    add_cells({"htsat", "mimi"}, {"room"}, 1);
    cells_[0].identity = {{"evaluator", {{"options", {{"scorer", "letter"}}}}}};
    cells_[1].identity = {{"evaluator", {{"options", {{"scorer", "auto"}}}}}};
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

TEST_F(Verdicts, lower_counts_as_better_if_lower_is_better) {
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
  EXPECT_THAT(found[1].sentence, HasSubstr("differ by 0.030"));
  EXPECT_EQ(found[2].verdict, "contradicted");
  EXPECT_THAT(found[2].sentence, HasSubstr("differ by more than 0.030"));
}

TEST_F(Verdicts, a_claim_that_the_items_cannot_decide_is_undecided) {
  claim({{"name", "close"}, {"claim", "twin > htsat"}});
  finish();
  EXPECT_THAT(only_line(), HasSubstr("undecided, unclear whether twin and htsat differ"));
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

TEST_F(Verdicts, nothing_is_testable_if_the_positive_control_does_not_beat_the_blind_one) {
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
  EXPECT_THAT(only_line(), HasSubstr("saturated, both are above 97 % (1.000 and 0.975)"));
}

TEST_F(Verdicts, over_mean_asks_for_the_mean_of_the_tasks) {
  claim(
      {{"name", "both"}, {"claim", "mimi > htsat"}, {"tasks", {"room", "noise"}}, {"mean", true}});
  add_cells({"htsat", "mimi"}, {"room", "noise"}, 1);
  plan();
  for (const auto& cell : cells_)
    run(cell, cell.task == "noise" ? marks_of("htsat") : marks_of(cell.encoder));
  const auto found = verdicts(*store_, "ablation");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_DOUBLE_EQ(found[0].difference.interval.estimate, 0.375 / 2);
  EXPECT_EQ(found[0].difference.items, 80);
  EXPECT_EQ(found[0].difference.groups, 20);  // the same clips in both tasks
  // Half the difference of one task, and half its error: the other task has no differences.
  const auto alone = compared().lines[0].difference.interval;
  EXPECT_NEAR(found[0].difference.interval.standard_error, alone.standard_error / 2, 1e-12);
  EXPECT_THAT(found[0].sentence,
              HasSubstr("supported, mimi is better than htsat, mean of 2 tasks"));
  EXPECT_THAT(found[0].sentence, HasSubstr("; opposite in noise"));
  ASSERT_EQ(found[0].details.size(), 2U);
  EXPECT_THAT(found[0].details[0], StartsWith("room: accuracy +0.375 (95 % interval +"));
  EXPECT_THAT(found[0].details[1], StartsWith("noise: accuracy +0.000, without an interval"));
}

/// Three tasks, the third of which has a different result.
class EachTask : public Verdicts {
 protected:
  const Verdict& judged(const Marks& third, const Json& more = Json::object()) {
    Json hypothesis{
        {"name", "all"}, {"claim", "mimi > htsat"}, {"tasks", {"room", "noise", "event"}}};
    hypothesis.update(more);
    claim(hypothesis);
    add_cells({"htsat", "mimi"}, {"room", "noise", "event"}, 1);
    plan();
    for (const auto& cell : cells_) {
      const bool other = cell.task == "event" && cell.encoder == "mimi";
      run(cell, other ? third : marks_of(cell.encoder));
    }
    found_ = verdicts(*store_, "ablation");
    return found_.at(0);
  }

 private:
  std::vector<Verdict> found_{};
};

TEST_F(EachTask, must_show_what_is_claimed_and_p_is_the_largest) {
  const auto& verdict = judged(wrong_every(4));
  EXPECT_EQ(verdict.verdict, "supported");
  ASSERT_EQ(verdict.parts.size(), 3U);
  EXPECT_EQ(verdict.p, verdict.parts[2].p);
  EXPECT_GT(verdict.parts[2].p, verdict.parts[0].p);
  EXPECT_THAT(verdict.sentence,
              HasSubstr("supported, mimi is better than htsat in each of 3 tasks (largest p "));
  ASSERT_EQ(verdict.details.size(), 3U);
  EXPECT_THAT(verdict.details[2], StartsWith("event: accuracy +0.250 (95 % interval +"));
}

TEST_F(EachTask, may_contradict_what_the_others_show) {
  const auto& verdict = judged([](std::int64_t i) { return i % 4 == 1 ? 1.0 : 0.0; });
  EXPECT_EQ(verdict.verdict, "contradicted");
  EXPECT_DOUBLE_EQ(verdict.p, 3 * verdict.parts[2].p);
  EXPECT_THAT(verdict.sentence, HasSubstr("; opposite in event"));
  EXPECT_THAT(verdict.details[2], AllOf(HasSubstr("accuracy -0.250"), HasSubstr(", opposite")));
}

TEST_F(EachTask, that_shows_nothing_leaves_the_claim_undecided) {
  const auto& verdict = judged(marks_of("twin"));
  EXPECT_EQ(verdict.verdict, "undecided");
  EXPECT_THAT(verdict.sentence,
              HasSubstr("undecided, not shown that mimi is better than htsat in each of 3 tasks"));
}

TEST_F(EachTask, counts_in_equivalence_with_both_p_values) {
  const auto& verdict = judged(marks_of("htsat"), {{"claim", "mimi = htsat"}, {"margin", 0.3}});
  EXPECT_EQ(verdict.verdict, "undecided");
  EXPECT_THAT(verdict.details[0],
              AllOf(HasSubstr("p (equivalent) = "), HasSubstr("p (beyond the margin) = ")));
}

TEST_F(EachTask, named_without_cells_keeps_a_claim_from_being_supported) {
  claim({{"name", "all"}, {"claim", "mimi > htsat"}, {"tasks", {"room", "noise"}}});
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  cells_.push_back(cell("htsat", "noise", 0));
  plan();
  for (const auto& cell : cells_)
    run(cell, marks_of(cell.encoder));
  const auto found = verdicts(*store_, "ablation").at(0);
  EXPECT_EQ(found.verdict, "undecided");
  EXPECT_THAT(found.details, ElementsAre(HasSubstr("room: accuracy +0.375"),
                                         "noise: the experiment has no matching pair of cells"));
}

TEST_F(Verdicts, each_of_several_slices_must_show_it) {
  claim({{"name", "kinds"},
         {"claim", "mimi > htsat"},
         {"slices", {{"category", {"event", "mood"}}}}});
  claim({{"name", "all kinds"}, {"claim", "mimi > htsat"}, {"slices", {{"category", {"*"}}}}});
  finish();
  const auto found = verdicts(*store_, "ablation");
  for (const auto& verdict : found) {
    EXPECT_EQ(verdict.verdict, "saturated");  // both are right on all moods
    ASSERT_EQ(verdict.details.size(), 2U);
    EXPECT_THAT(verdict.details[0], StartsWith("room, category event: accuracy +0.750"));
    EXPECT_THAT(verdict.details[1], StartsWith("room, category mood: "));
  }
  EXPECT_THAT(found[0].sentence, HasSubstr("each of 2 slices"));
}

TEST_F(Verdicts, all_slices_are_those_that_each_task_has) {
  claim({{"name", "all kinds"}, {"claim", "mimi > htsat"}, {"slices", {{"category", {"*"}}}}});
  claim({{"name", "their mean"},
         {"claim", "mimi > htsat"},
         {"slices", {{"category", {"*"}}}},
         {"mean", true}});
  add_cells({"htsat", "mimi"}, {"room", "noise"}, 1);
  plan();
  Statement(connection_of(*store_),
            "UPDATE item SET slices = CASE WHEN position < 40 THEN '{\"category\":\"event\"}' "
            "ELSE '{\"category\":\"music\"}' END")
      .run();
  for (const auto& cell : cells_)
    run(cell, marks_of(cell.encoder), cell.task == "room" ? 20 : 40, cell.task == "room" ? 40 : 60);
  const auto found = verdicts(*store_, "ablation");
  for (const auto& verdict : found)
    EXPECT_EQ(verdict.verdict, "supported") << verdict.sentence;
  ASSERT_EQ(found[0].details.size(), 2U);
  EXPECT_THAT(found[0].details[0], StartsWith("room, category event: accuracy +0.400"));
  EXPECT_THAT(found[0].details[1], StartsWith("noise, category music: accuracy +0.350"));
  EXPECT_NEAR(found[1].difference.interval.estimate, 0.375, 1e-12);
}

/// A claim along an axis other than the encoder, over two encoders, one of which contradicts it.
TEST_F(Verdicts, a_claim_along_tasks_is_about_each_encoder) {
  claim({{"name", "head"}, {"claim", "lr > svm"}});
  claim({{"name", "mean head"}, {"claim", "lr > svm"}, {"average", {"encoder"}}});
  add_cells({"htsat", "mimi"}, {"svm", "lr"}, 1);
  plan();
  run(cells_[0], wrong_every(2));  // htsat svm
  run(cells_[1], wrong_every(8));  // htsat lr
  run(cells_[2], wrong_every(8));
  run(cells_[3], wrong_every(4));
  const auto found = verdicts(*store_, "ablation");
  ASSERT_EQ(found[0].parts.size(), 2U);
  EXPECT_NE(found[0].verdict, "supported");
  EXPECT_DOUBLE_EQ(found[0].parts[0].difference.interval.estimate, 0.375);
  EXPECT_DOUBLE_EQ(found[0].parts[1].difference.interval.estimate, -0.125);
  EXPECT_THAT(found[0].details[1], AllOf(StartsWith("mimi: "), HasSubstr("opposite")));
  ASSERT_EQ(found[1].parts.size(), 1U);
  EXPECT_DOUBLE_EQ(found[1].difference.interval.estimate, 0.125);
  EXPECT_EQ(found[1].difference.items, 80);
  EXPECT_EQ(found[1].difference.groups, 20);
  EXPECT_THAT(found[1].sentence, HasSubstr("mean of 2 encoders"));
  EXPECT_THAT(found[1].sentence, HasSubstr("opposite in mimi"));
}

TEST_F(Verdicts,
       of_equivalence_give_the_p_of_two_one_sided_tests_and_that_of_exceeding_the_margin) {
  claim({{"name", "near"}, {"claim", "mimi = htsat"}, {"margin", 0.35}});
  finish();
  const auto found = verdicts(*store_, "ablation").at(0);
  const auto& interval = found.difference.interval;
  EXPECT_EQ(found.verdict, "undecided");
  EXPECT_DOUBLE_EQ(found.p, statistics::equivalence_p(interval, 0.35));
  EXPECT_GT(found.p, 0.5);
  EXPECT_DOUBLE_EQ(found.p_beyond, statistics::p_value(interval, 0.35));
  EXPECT_THAT(found.sentence, HasSubstr("p (equivalent) = 0."));
  EXPECT_THAT(found.sentence, HasSubstr(", p (beyond the margin) = 0."));
}

// Regression: a claim with tasks = "room" ran all cells and then crashed instead of giving its
// verdict.
TEST_F(Verdicts, one_name_in_place_of_a_list_is_read_as_the_file_reader_does) {
  claims_.select = {.over = {"task.lr"}, .by = "accuracy"};
  experiment_.chosen = {"task.lr"};
  claim({{"name", "one"}, {"claim", "mimi > htsat"}, {"tasks", {"room"}}});
  for (const auto* encoder : {"htsat", "mimi"})
    cells_.push_back(
        with(cell(encoder, "room", 0), "task.lr", std::string(encoder) == "mimi" ? 0.1 : 0.01));
  plan();
  for (const auto& cell : cells_)
    run(cell, marks_of(cell.encoder));
  EXPECT_THAT(only_line(), HasSubstr("one (mimi > htsat in room): supported"));
  EXPECT_EQ(compared().lines.size(), 1U);
}

TEST_F(Verdicts, sides_that_were_scored_by_different_rules_are_not_tested) {
  claim({{"name", "rules"}, {"claim", "mimi > htsat"}});
  claim({{"name", "asked for"}, {"claim", "mimi > htsat"}, {"allow_different_scoring", true}});
  finish_with_two_rules();
  const auto found = verdicts(*store_, "ablation");
  EXPECT_EQ(found[0].verdict, "not testable");
  EXPECT_THAT(found[0].sentence,
              HasSubstr("scored by different rules, letter (htsat) and auto (mimi)"));
  EXPECT_EQ(found[1].verdict, "supported");
  EXPECT_THAT(found[1].sentence, HasSubstr("; scored by different rules"));
}

TEST_F(Verdicts, controls_with_other_rules_are_compared_on_request) {
  claim({{"name", "asked for"},
         {"claim", "mimi > htsat"},
         {"positive_control", "mimi"},
         {"blind_control", "htsat"},
         {"allow_different_scoring", true}});
  finish_with_two_rules();
  EXPECT_EQ(verdicts(*store_, "ablation").at(0).verdict, "supported");
}

TEST_F(Verdicts, a_damaged_record_is_named_by_table_and_row) {
  finish();
  Statement(connection_of(*store_), "PRAGMA ignore_check_constraints = 1").step();
  Statement(connection_of(*store_), "UPDATE item SET slices = '{' WHERE position = 7").run();
  try {
    compared();
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), ExitCode::store_unusable);
    EXPECT_THAT(failure.what(), HasSubstr("item 7 of dataset 1, column slices is not valid JSON"));
  }
}

TEST_F(Verdicts, slices_restrict_a_claim) {
  claim({{"name", "moods"}, {"claim", "mimi > htsat"}, {"slices", {{"category", {"event"}}}}});
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
                                 HasSubstr("'noise' is left out, since it has only one side")));
}

TEST_F(Verdicts, without_claims_there_are_no_lines) {
  finish();
  EXPECT_THAT(verdict_lines(*store_, "ablation"), IsEmpty());
}

}  // namespace
}  // namespace earshot::host
