#include "host/analyse/pairs.hpp"

#include "synthetic.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;

class Pairs : public Synthetic {
 protected:
  std::vector<Condition> conditions() const {
    return paired_conditions(*store_, store_->require_experiment("ablation"), "encoder", "htsat",
                             "mimi");
  }
};

TEST_F(Pairs, are_cells_that_differ_in_the_axis_only) {
  add_cells({"htsat", "mimi"}, {"room", "noise"}, 2);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto found = conditions();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].task, "room");  // in the order of the experiment
  EXPECT_EQ(found[1].task, "noise");
  for (const auto& condition : found) {
    EXPECT_EQ(condition.pairs.size(), 2U);
    EXPECT_EQ(condition.planned, 2);
    EXPECT_EQ(condition.missing, 0);
  }
  Statement encoders(store_->connection(),
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

TEST_F(Pairs, hold_where_a_zip_partner_differs_too) {
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

TEST_F(Pairs, hold_where_select_chose_another_option) {
  experiment_.resolved["select"] = {{"over", {"task.lr"}}, {"by", "validation.accuracy"}};
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
  EXPECT_EQ(found[0].variant, "");
}

TEST_F(Pairs, an_axis_has_its_values_in_the_experiments_order) {
  add_cells({"mimi", "htsat", "dac"}, {"room"}, 1);
  plan();
  const auto experiment = store_->require_experiment("ablation");
  EXPECT_THAT(axis_values(*store_, experiment, "encoder"), ElementsAre("mimi", "htsat", "dac"));
  EXPECT_THAT(axis_names(*store_, experiment),
              ElementsAre("dataset", "encoder", "fold", "seed", "task"));
}

}  // namespace
}  // namespace earshot::host
