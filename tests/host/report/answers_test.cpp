#include "host/report/answers.hpp"

#include "../analyse/synthetic.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Words = std::vector<std::string>;

/// Encoders that name the sound of six test items: dog, cat, dog, cat, dog, cat.
class AnswersTest : public Synthetic {
 protected:
  static constexpr std::int64_t first = 4, last = 10;

  void plan_sounds(const std::vector<CellRecord>& cells) {
    protocol::DatasetInfo info;
    info.items = last;
    info.test = last - first;
    info.labels = {{"sound", "class", "", {"dog", "cat", "cow"}}};
    experiment_.resolved["claims"] = to_record(claims_);
    cells_ = cells;
    for (auto& cell : cells_)
      cell.target = "sound";
    store_->record_plan(experiment_, cells_,
                        {{cells_[0].dataset_key, "scenes", "scenes/scenes", info}},
                        {{"device", "cpu"}});
    if (store_->has_items(cells_[0].dataset_key)) return;
    Json rows = Json::array();
    for (std::int64_t i = 0; i < last; ++i)
      rows.push_back({"item" + std::to_string(i), Json::object(),
                      Json{{"noise", i % 3 == 0 ? "loud" : "quiet"}},
                      Json{{"sound", i % 2 == 0 ? "dog" : "cat"}}});
    store_->add_items(cells_[0].dataset_key, rows);
  }

  void say(const CellRecord& cell, const Words& words) {
    RunRecord record;
    record.state = "ok";
    protocol::Metric accuracy;
    accuracy.name = "accuracy";
    record.metric_specs = {accuracy};
    record.metrics = {{metric("accuracy", "score", 0.5, last - first), {}}};
    for (std::size_t i = 0; i < words.size(); ++i)
      record.predictions.push_back({.item = first + static_cast<std::int64_t>(i),
                                    .value = words[i],
                                    .scores = {0.25F, 0.5F, 0.125F}});
    const auto id = store_->begin_run(cell.key);
    ASSERT_TRUE(id.has_value());
    store_->finish_run(*id, record);
  }

  PageData page(const std::vector<std::string>& names = {"ablation"}) const {
    return page_data(*store_, names);
  }

  /// The data as limits give them.
  std::pair<std::vector<ReportedAnswers>, std::vector<std::string>> limited(
      const AnswerLimits& limits) const {
    const auto& own = design();
    const StoredObservations observations(*store_);
    const std::string name = "ablation";
    AnswersOfPage answers(limits);
    ReportedExperiment report;
    answers.read(report, {*store_, name, own.experiment, own, observations}, 0);
    std::vector<std::string> left_out;
    auto found = answers.disagreements(left_out);
    return {std::move(found), std::move(left_out)};
  }
};

TEST_F(AnswersTest, confusion_counts_each_item_of_one_seed_in_the_order_of_the_labels_classes) {
  plan_sounds({cell("mimi", "what", 0), cell("mimi", "what", 1)});
  say(cells_[1], {"cow", "cow", "cow", "cow", "cow", "cow"});
  say(cells_[0], {"dog", "dog", "dog", "cat", "cow", "cat"});
  const auto tables = page().experiments[0].confusions;
  ASSERT_THAT(tables, SizeIs(1));
  EXPECT_EQ(tables[0].seed, 0);
  EXPECT_THAT(tables[0].classes, ElementsAre("dog", "cat", "cow"));
  EXPECT_THAT(tables[0].counts, ElementsAre(ElementsAre(0, 0, 2), ElementsAre(0, 2, 1),
                                            ElementsAre(1, 0, 1), ElementsAre(1, 1, 2)));
}

TEST_F(AnswersTest, the_rarest_classes_of_a_confusion_table_are_counted_together) {
  plan_sounds({cell("mimi", "what", 0)});
  say(cells_[0], {"ant", "cat", "bee", "cat", "dog", "cat"});
  const auto& own = design();
  const StoredObservations observations(*store_);
  const std::string name = "ablation";
  AnswersOfPage answers({.classes = 2});
  ReportedExperiment report;
  answers.read(report, {*store_, name, own.experiment, own, observations}, 0);
  ASSERT_THAT(report.confusions, SizeIs(1));
  EXPECT_THAT(report.confusions[0].classes, ElementsAre("dog", "cat"));
  EXPECT_EQ(report.confusions[0].others, 2);
  EXPECT_THAT(report.confusions[0].counts,
              ElementsAre(ElementsAre(0, 0, 1), ElementsAre(0, 2, 2), ElementsAre(1, 1, 3)));
}

TEST_F(AnswersTest, only_items_that_some_side_has_right_and_another_wrong_are_shown) {
  plan_sounds({cell("htsat", "what", 0), cell("mimi", "what", 0)});
  say(cells_[0], {"dog", "cat", "dog", "cow", "dog", "cow"});
  say(cells_[1], {"dog", "dog", "cow", "cat", "dog", "cow"});
  const auto answers = page().answers;
  ASSERT_THAT(answers, SizeIs(1));
  const auto& block = answers[0];
  EXPECT_EQ(block.target, "sound");
  EXPECT_EQ(block.found, 3);
  ASSERT_THAT(block.items, SizeIs(3));
  EXPECT_EQ(block.items[0].id, "item5");
  EXPECT_EQ(block.items[0].position, 5);
  EXPECT_EQ(block.dataset_key, cells_[0].dataset_key);
  EXPECT_EQ(block.items[0].truth, "cat");
  EXPECT_EQ(block.items[0].slices.at("noise"), "quiet");
  ASSERT_THAT(block.sides, SizeIs(2));
  EXPECT_EQ(block.sides[0].right, "110");
  EXPECT_EQ(block.sides[1].right, "001");
  const auto said = [&](std::size_t side, std::size_t item) {
    return block.texts.at(static_cast<std::size_t>(block.sides[side].said[item]));
  };
  EXPECT_EQ(said(0, 0), "cat");
  EXPECT_EQ(said(1, 0), "dog");
  // Scores are of dog, cat and cow.
  EXPECT_EQ(block.sides[1].scores[0], 0.25);
  EXPECT_EQ(block.sides[1].truth_scores[0], 0.5);
  EXPECT_THAT(block.sides[1].outputs, IsEmpty());
}

TEST_F(AnswersTest, sides_of_two_experiments_meet_on_the_items_of_their_dataset) {
  plan_sounds({cell("htsat", "what", 0)});
  say(cells_[0], {"dog", "cat", "dog", "cat", "dog", "cat"});
  EXPECT_THAT(page().answers, IsEmpty());
  experiment_.name = "other";
  plan_sounds({with(cell("mimi", "what", 0), "task.lr", 0.1)});
  say(cells_[0], {"dog", "cat", "dog", "cat", "dog", "dog"});
  const auto answers = page({"ablation", "other"}).answers;
  ASSERT_THAT(answers, SizeIs(1));
  ASSERT_THAT(answers[0].sides, SizeIs(2));
  EXPECT_EQ(answers[0].sides[0].experiment, 0U);
  EXPECT_EQ(answers[0].sides[1].experiment, 1U);
  ASSERT_THAT(answers[0].items, SizeIs(1));
  EXPECT_EQ(answers[0].items[0].id, "item9");
}

TEST_F(AnswersTest, what_limits_leave_out_is_said_with_the_command_that_shows_it) {
  plan_sounds({cell("htsat", "what", 0), cell("mimi", "what", 0)});
  say(cells_[0], {"dog", "cat", "dog", "cat", "dog", "cat"});
  say(cells_[1], {"cow", "cow", "cow", "cow", "cow", "cow"});
  EXPECT_THAT(limited({}).second, IsEmpty());
  const auto [few, said] = limited({.shown = 4});
  ASSERT_THAT(few, SizeIs(1));
  EXPECT_THAT(few[0].items, SizeIs(2));
  EXPECT_EQ(few[0].found, 6);
  EXPECT_THAT(said,
              ElementsAre(HasSubstr("Of 6 items on which runs disagree, 2 are on this page")));
  EXPECT_THAT(said[0], HasSubstr("--predictions"));
  const auto [sampled, of_sample] = limited({.read = 6});
  ASSERT_THAT(of_sample, SizeIs(1));
  EXPECT_THAT(of_sample[0], HasSubstr("one in 2 items; 'runner export ablation --predictions'"));
  for (const auto& block : sampled)
    EXPECT_LT(block.found, 6);
  const auto [one_side, of_sides] = limited({.sides = 1});
  EXPECT_THAT(one_side, IsEmpty());
  EXPECT_THAT(of_sides, ElementsAre(HasSubstr("1 of 2 rows and columns")));
}

TEST_F(AnswersTest, long_texts_are_cut) {
  plan_sounds({cell("htsat", "what", 0), cell("mimi", "what", 0)});
  say(cells_[0], {"dog", "cat", "dog", "cat", "dog", "cat"});
  say(cells_[1], Words(6, std::string(10'000, 'x')));
  const auto data = page();
  for (const auto& text : data.answers.at(0).texts)
    EXPECT_LT(text.size(), 600U);
  for (const auto& text : data.experiments[0].confusions.at(1).classes)
    EXPECT_LT(text.size(), 600U);
}

}  // namespace
}  // namespace earshot::host
