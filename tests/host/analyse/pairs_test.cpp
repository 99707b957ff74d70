#include "host/analyse/pairs.hpp"

#include "synthetic.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Pairs : public Synthetic {
 protected:
  /// A cell of mimi that cannot run; with a value on an axis if one is given.
  static CellRecord without_weights(std::optional<double> lr = std::nullopt) {
    auto skipped = cell("mimi", "room", 0);
    if (lr) skipped.axes.emplace_back("task.lr", *lr);
    skipped.key.clear();
    skipped.dataset_key.clear();
    skipped.skipped = "encoder 'mimi': there are no weights";
    return skipped;
  }
  std::vector<Condition> conditions() const {
    return paired_conditions(along(design(), "encoder", "htsat", "mimi"));
  }
};

TEST_F(Pairs, are_cells_that_differ_only_in_the_axis) {
  add_cells({"htsat", "mimi"}, {"room", "noise"}, 2);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto found = conditions();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].task(), "room");  // in the order of the experiment
  EXPECT_EQ(found[1].task(), "noise");
  for (const auto& condition : found) {
    EXPECT_EQ(condition.pairs.size(), 2U);
    EXPECT_EQ(condition.planned, 2);
    EXPECT_EQ(condition.missing, 0);
  }
  Statement encoders(connection_of(*store_),
                     "SELECT m.encoder, m.seed FROM run r JOIN experiment_cell m USING (cell_id) "
                     "WHERE r.run_id = ?");
  for (const auto& pair : found[0].pairs) {
    encoders.bind_all(pair.base);
    ASSERT_TRUE(encoders.step());
    EXPECT_EQ(encoders.text(0), "htsat");
    EXPECT_EQ(encoders.integer(1), pair.seed);
    encoders.reset();
  }
}

TEST_F(Pairs, of_unfinished_runs_are_counted_as_missing) {
  add_cells({"htsat", "mimi"}, {"room"}, 3);
  plan();
  for (const auto& cell : cells_)
    if (cell.encoder == "htsat" || cell.seed == 1) run(cell, wrong_every(4));
  const auto found = conditions();
  ASSERT_EQ(found.size(), 1U);
  ASSERT_EQ(found[0].pairs.size(), 1U);
  EXPECT_EQ(found[0].pairs[0].seed, 1);
  EXPECT_EQ(found[0].planned, 3);
  EXPECT_EQ(found[0].missing, 2);
}

TEST_F(Pairs, say_why_a_side_cannot_run) {
  cells_.push_back(cell("htsat", "room", 0));
  cells_.push_back(without_weights());
  plan();
  run(cells_[0], wrong_every(4));
  const auto found = conditions();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].missing, 1);
  EXPECT_THAT(found[0].notes, ElementsAre("mimi cannot run: encoder 'mimi': there are no weights"));
}

TEST_F(Pairs, exist_if_a_zip_partner_differs_too) {
  claims_.zips = {{"encoder", "mapper"}};
  for (const auto* encoder : {"htsat", "mimi"}) {
    auto zipped = cell(encoder, "room", 0);
    zipped.mapper = std::string("for_") + encoder;
    zipped.axes.emplace_back("mapper", zipped.mapper);
    zipped.zips = {{"encoder", "mapper"}};
    cells_.push_back(zipped);
  }
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto found = conditions();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].pairs.size(), 1U);
}

TEST_F(Pairs, exist_if_select_chose_another_option) {
  claims_.select = {.over = {"task.lr"}, .by = "accuracy"};
  experiment_.chosen = {"task.lr"};
  for (std::int64_t seed = 0; seed < 2; ++seed)
    for (const auto* encoder : {"htsat", "mimi"}) {
      auto chosen = cell(encoder, "room", seed);
      chosen.axes.emplace_back("task.lr", std::string(encoder) == "mimi" ? 0.1 : 0.01);
      cells_.push_back(chosen);
    }
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto found = conditions();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].pairs.size(), 2U);
  EXPECT_EQ(found[0].axes, (Labels{{"task", "room"}, {"dataset", "scenes"}}));
}

TEST_F(Pairs, count_a_side_that_cannot_run_once_whatever_select_would_choose_from) {
  claims_.select = {.over = {"task.lr"}, .by = "accuracy"};
  experiment_.chosen = {"task.lr"};
  auto chosen = cell("htsat", "room", 0);
  chosen.axes.emplace_back("task.lr", 0.01);
  cells_.push_back(chosen);
  for (const double lr : {0.1, 0.01, 0.001})
    cells_.push_back(without_weights(lr));
  plan();
  run(cells_[0], wrong_every(4));
  const auto found = conditions();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].missing, 1);
  EXPECT_EQ(found[0].axes, (Labels{{"task", "room"}, {"dataset", "scenes"}}));
}

TEST_F(Pairs, an_axis_has_its_values_in_the_experiments_order) {
  add_cells({"mimi", "htsat", "dac"}, {"room"}, 1);
  plan();
  EXPECT_THAT(design().axis_values("encoder"), ElementsAre("mimi", "htsat", "dac"));
  EXPECT_THAT(design().axis_names(), ElementsAre("dataset", "encoder", "task"));
}

TEST_F(Pairs, are_one_for_each_seed_and_fold_whatever_else_varies) {
  for (const auto* task : {"lr", "svm"})
    for (const auto* encoder : {"htsat", "mimi", "dac"})
      for (std::int64_t fold = 1; fold <= 5; ++fold)
        cells_.push_back(cell(encoder, task, 0, fold));
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto found = paired_conditions(along(design(), "task", "svm", "lr"));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].axes.at("encoder"), "htsat");
  EXPECT_EQ(found[2].axes.at("encoder"), "dac");
  for (const auto& condition : found) {
    EXPECT_EQ(condition.pairs.size(), 5U);
    EXPECT_EQ(condition.missing, 0);
    EXPECT_THAT(condition.notes, IsEmpty());
  }
}

TEST_F(Pairs, match_a_base_without_an_axis_with_each_of_its_values) {
  cells_.push_back(cell("htsat", "room", 0));
  for (const int levels : {1, 2, 4})
    cells_.push_back(with(cell("mimi", "room", 0), "encoder.levels", levels));
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto found = conditions();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].axes.at("encoder.levels"), "1");
  EXPECT_EQ(found[2].axes.at("encoder.levels"), "4");
  EXPECT_EQ(found[0].pairs[0].base, found[2].pairs[0].base);
  EXPECT_THAT(found[0].notes,
              ElementsAre("htsat has no encoder.levels, so its runs are paired with each value"));
}

TEST_F(Pairs, match_a_control_without_an_encoder_with_every_encoder) {
  auto blind = cell("", "blind", 0);
  std::erase_if(blind.axes, [](const auto& axis) { return axis.first == "encoder"; });
  cells_.push_back(blind);
  for (const auto* encoder : {"htsat", "mimi"})
    cells_.push_back(cell(encoder, "hearing", 0));
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto found = paired_conditions(along(design(), "task", "blind", "hearing"));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].axes.at("encoder"), "htsat");
  EXPECT_EQ(found[1].axes.at("encoder"), "mimi");
  EXPECT_EQ(found[0].pairs.at(0).base, found[1].pairs.at(0).base);
  EXPECT_THAT(found[0].notes,
              ElementsAre("blind has no encoder, so its runs are paired with each value"));
}

TEST_F(Pairs, treat_cells_without_an_encoder_as_one_control_of_all_encoders) {
  // The two ways to plan it: blind is listed under one encoder, or under both with one key.
  for (const auto& listed : {std::vector{"htsat"}, std::vector{"htsat", "mimi"}}) {
    cells_.clear();
    for (const auto* encoder : listed) {
      auto blind = cell(encoder, "blind", 0);
      blind.identity = {{"encoder", nullptr}, {"evaluator", "blind"}};
      blind.key = protocol::sha256(blind.identity);
      cells_.push_back(blind);
    }
    for (const auto* encoder : {"htsat", "mimi"})
      cells_.push_back(cell(encoder, "hearing", 0));
    plan();
    for (const auto& cell : cells_)
      if (store_->finished({cell.key}).empty()) run(cell, wrong_every(4));
    const auto found = paired_conditions(along(design(), "task", "blind", "hearing"));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].axes.at("encoder"), "htsat");
    EXPECT_EQ(found[1].axes.at("encoder"), "mimi");
    for (const auto& condition : found)
      EXPECT_EQ(condition.pairs.size(), 1U);
  }
}

TEST_F(Pairs, do_not_match_different_values_if_both_sides_have_the_axis) {
  // htsat was trained on 40 items and on all, mimi on 80 and on all.
  for (const auto* encoder : {"htsat", "mimi"})
    cells_.push_back(cell(encoder, "room", 0));
  cells_.push_back(with(cell("htsat", "room", 0), "task.n_train", 40));
  cells_.push_back(with(cell("mimi", "room", 0), "task.n_train", 80));
  plan();
  const auto found = conditions();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].axes.count("task.n_train"), 0U);
}

TEST_F(Pairs, a_side_with_one_seed_is_paired_with_each_seed_of_the_other) {
  cells_.push_back(cell("htsat", "room", 0));
  for (std::int64_t seed = 0; seed < 3; ++seed)
    cells_.push_back(cell("mimi", "room", seed));
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  for (const bool turned : {false, true}) {
    const auto found =
        turned ? paired_conditions(along(design(), "encoder", "mimi", "htsat")) : conditions();
    ASSERT_EQ(found.size(), 1U);
    ASSERT_EQ(found[0].pairs.size(), 3U);
    EXPECT_EQ(found[0].missing, 0);
    for (std::int64_t seed = 0; seed < 3; ++seed)
      EXPECT_EQ(found[0].pairs[static_cast<std::size_t>(seed)].seed, seed);
    EXPECT_THAT(found[0].notes,
                ElementsAre("htsat has one seed, which is paired with each seed of mimi"));
  }
}

TEST_F(Pairs, of_zips_in_several_blocks_are_distinguished) {
  claims_.zips = {{"encoder", "mapper"}};
  for (const auto& [encoder, mapper] :
       {std::pair{"htsat", "a"}, {"mimi", "b"}, {"htsat", "c"}, {"mimi", "d"}})
    cells_.push_back(with(cell(encoder, "room", 0), "mapper", mapper));
  plan();
  const auto found = conditions();
  ASSERT_EQ(found.size(), 4U);  // no cell replaces another
  EXPECT_EQ(found[0].axes.at("mapper"), "a/b");
}

TEST_F(Pairs, prefer_a_zip_partner_that_is_the_same) {
  claims_.zips = {{"encoder", "mapper"}};
  for (const auto* encoder : {"htsat", "mimi"})
    for (const auto* mapper : {"a", "b"})
      cells_.push_back(with(cell(encoder, "room", 0), "mapper", mapper));
  plan();
  const auto found = conditions();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].axes.at("mapper"), "a");
  EXPECT_EQ(found[1].axes.at("mapper"), "b");
}

TEST_F(Pairs, two_cells_with_equal_labels_are_separate_conditions) {
  cells_.push_back(cell("htsat", "room", 0));
  cells_.push_back(with(cell("mimi", "room", 0), "encoder.mode", "5"));
  cells_.push_back(with(cell("mimi", "room", 0), "encoder.mode", 5));
  plan();
  const auto found = conditions();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].pairs.size() + found[1].pairs.size(), 0U);
  EXPECT_NE(found[0].axes.at("cell"), found[1].axes.at("cell"));
}

TEST_F(Pairs, say_what_else_the_sides_differ_in) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  cells_[0].identity = {
      {"evaluator",
       {{"component", "audio_qa"}, {"plugin", "1a"}, {"options", {{"scorer", "letter"}}}}},
      {"audio", {{"crop", "first"}}},
      {"audio_version", 1}};
  cells_[1].identity = {
      {"evaluator",
       {{"component", "audio_qa"}, {"plugin", "2b"}, {"options", {{"scorer", "auto"}}}}},
      {"audio", {{"crop", "centre"}}},
      {"audio_version", 1}};
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto found = conditions();
  EXPECT_EQ(found.at(0).scoring, "letter (htsat) and auto (mimi)");
  EXPECT_THAT(found[0].notes,
              ElementsAre("the sides were scored by different builds of audio_qa",
                          "the sides used different audio policies: {\"crop\":\"first\"} of "
                          "version 1 (htsat) and {\"crop\":\"centre\"} of version 1 (mimi)"));
}

}  // namespace
}  // namespace earshot::host
