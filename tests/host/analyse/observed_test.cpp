#include "host/analyse/observed.hpp"

#include "synthetic.hpp"

namespace earshot::host {
namespace {

using ::testing::SizeIs;

class Observed : public Synthetic {
 protected:
  ObservedPairs observed(const std::string& experiment = "another",
                         const std::string& label = "other") const {
    return observed_pairs(*store_, experiment, cell("", "", 0).dataset_key, label);
  }
};

TEST_F(Observed, is_nothing_before_two_encoders_have_run) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  EXPECT_EQ(observed().pairs, 0);
  run(cells_[0], wrong_every(4));
  EXPECT_EQ(observed().pairs, 0);
}

TEST_F(Observed, is_the_standard_error_that_a_comparison_of_the_pair_has) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(8));
  const auto lines = compared().lines;
  ASSERT_THAT(lines, SizeIs(1));
  const double se = lines[0].difference.interval.standard_error;
  EXPECT_EQ(observed().pairs, 1);
  EXPECT_NEAR(observed().item_variance, 40 * se * se, 1e-12);
}

TEST_F(Observed, is_the_median_of_all_pairs_with_their_seeds_together) {
  add_cells({"a", "b", "c"}, {"room", "event"}, 2);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(cell.encoder == "a" ? 4 : cell.encoder == "b" ? 8 : 3 + cell.seed));
  EXPECT_EQ(observed().pairs, 6);
}

TEST_F(Observed, of_another_dataset_counts_only_under_the_experiment_s_own_name_and_label) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(8));
  EXPECT_EQ(observed_pairs(*store_, "ablation", "another key", "scenes").pairs, 1);
  EXPECT_EQ(observed_pairs(*store_, "ablation", "another key", "other").pairs, 0);
  EXPECT_EQ(observed_pairs(*store_, "another", "another key", "scenes").pairs, 0);
}

TEST_F(Observed, leaves_out_pairs_that_never_disagree) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(4));
  EXPECT_EQ(observed().pairs, 0);
}

}  // namespace
}  // namespace earshot::host
