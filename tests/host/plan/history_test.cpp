#include "host/plan/history.hpp"

#include <gmock/gmock.h>

#include "support.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Json stored_identity() {
  return {{"encoder",
           {{"component", "mel/log_mel"},
            {"plugin", std::string(64, 'a')},
            {"options", {{"mels", 64}}}}},
          {"dtype", "float32"},
          {"evaluator", {{"component", "probes/knn"}, {"options", {{"k", 8}}}}},
          {"dataset", {{"key", std::string(64, 'c')}, {"limit", 0}}},
          {"seed", 0}};
}

TEST(PartsOf, name_everything_that_a_result_depends_on_as_changes_does) {
  const auto parts = parts_of({{"encoder",
                                {{"component", "mimi/mimi"},
                                 {"options", {{"levels", 8}}},
                                 {"plugin", std::string(64, 'a')}}},
                               {"mapper", nullptr},
                               {"seed", 3}});
  std::vector<std::string> texts;
  for (const auto& part : parts)
    texts.push_back(part.part + " | " + part.name + " | " + part.value);
  EXPECT_THAT(texts, ::testing::ElementsAre("encoder | encoder's component | mimi/mimi",
                                            "encoder | encoder option 'levels' | 8",
                                            "encoder | mimi.so | aaaaaaaaaaaa",
                                            "mapper | mapper | none", "seed | seed | 3"));
  EXPECT_THAT(parts_of(Json()), ::testing::IsEmpty());
}

TEST(Changes, name_a_plugin_by_its_file_and_both_hashes) {
  auto now = stored_identity();
  now["encoder"]["plugin"] = std::string(64, 'b');
  EXPECT_EQ(changes(stored_identity(), now), "mel.so changed (aaaa -> bbbb)");
}

TEST(Changes, name_options_data_and_settings) {
  auto now = stored_identity();
  now["encoder"]["options"]["mels"] = 40;
  now["dataset"]["key"] = std::string(64, 'd');
  now["dataset"]["limit"] = 10;
  EXPECT_EQ(changes(stored_identity(), now),
            "the data changed (cccc -> dddd), dataset's limit changed (0 -> 10), encoder option "
            "'mels' changed (64 -> 40)");
}

TEST(Changes, name_what_changed_in_pretraining) {
  auto before = stored_identity();
  before["encoder"]["pretrain"] = {
      {"evaluator", {{"component", "t/train"}, {"options", {{"steps", 5}}}}}};
  auto now = before;
  now["encoder"]["pretrain"]["evaluator"]["options"]["steps"] = 9;
  EXPECT_EQ(changes(before, now), "pretraining's task option 'steps' changed (5 -> 9)");
  EXPECT_EQ(changes(stored_identity(), now), "encoder's pretrain was added");
}

TEST(Changes, count_what_there_is_no_room_for) {
  auto now = stored_identity();
  now["encoder"]["options"]["mels"] = 40;
  now["dtype"] = "float16";
  now["evaluator"]["options"]["k"] = 1;
  now["dataset"]["limit"] = 10;
  EXPECT_EQ(changes(stored_identity(), now),
            "dataset's limit changed (0 -> 10), dtype changed (float32 -> float16), "
            "encoder option 'mels' changed (64 -> 40) and 1 more");
}

TEST(Changes, tell_of_what_is_new_or_gone) {
  auto now = stored_identity();
  now["mapper"] = {{"component", "m/mlp"}};
  EXPECT_EQ(changes(stored_identity(), now), "mapper was added");
  EXPECT_EQ(changes(now, stored_identity()), "mapper was removed");
}

constexpr auto with_seeds = "encoder = ['mel', 'codec']\ntask = ['probe']\nseed = [0, 1]\n";
const std::string content(64, 'a'), other_content(64, 'b');

std::string refusal(const Plan& plan, const std::string& task) {
  try {
    positions_of(plan, task);
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "(not refused)";
}

/// Names of the imported cells of a plan.
std::vector<std::string> imported(const Plan& plan) {
  std::vector<std::string> names;
  for (const auto& cell : plan.cells)
    if (cell.weights == "imported") names.push_back(cell.cell.encoder.label);
  return names;
}

TEST(Imports, take_one_place_for_each_fold) {
  World world;
  EXPECT_THAT(positions_of(world.plan(with_seeds), "probe"), SizeIs(1));
  const auto places = positions_of(world.plan(std::string(with_seeds) + "fold = '*'\n"), "probe");
  ASSERT_THAT(places, SizeIs(2));
  EXPECT_EQ(places[0].request().dataset.fold, 1);
  EXPECT_EQ(places[1].request().dataset.fold, 2);
}

TEST(Imports, need_to_be_told_the_variant_of_a_task) {
  World world;
  const auto variants = std::string(with_seeds) + "'task.lr' = [0.1, 0.2]\n";
  EXPECT_THAT(refusal(world.plan(variants), "probe"),
              AllOf(HasSubstr("several variants"), HasSubstr("task.lr=0.2"), HasSubstr("--only")));
  Overrides overrides;
  overrides.only = {"task.lr=0.1"};
  EXPECT_THAT(positions_of(world.plan(variants, overrides), "probe"), SizeIs(1));
  EXPECT_THAT(refusal(world.plan(with_seeds), "prob"), HasSubstr("did you mean 'probe'?"));
}

TEST(Imports, have_a_key_of_their_content_and_of_what_scores_them) {
  World world;
  const auto place = positions_of(world.plan(with_seeds), "probe").front();
  const auto cell = imported_cell(place, "theirs", 0, content);
  EXPECT_EQ(imported_cell(place, "another name", 0, content).key, cell.key);
  EXPECT_NE(imported_cell(place, "theirs", 1, content).key, cell.key);
  EXPECT_NE(imported_cell(place, "theirs", 0, other_content).key, cell.key);
  Overrides overrides;
  overrides.set = {"encoder.mel.options.mels=32"};
  const auto with_mels = positions_of(world.plan(with_seeds, overrides), "probe").front();
  EXPECT_EQ(imported_cell(with_mels, "theirs", 0, content).key, cell.key)
      << "the encoder whose place it takes does not matter";
  overrides.set = {"task.probe.options.lr=0.5"};
  const auto with_lr = positions_of(world.plan(with_seeds, overrides), "probe").front();
  EXPECT_NE(imported_cell(with_lr, "theirs", 0, content).key, cell.key);
}

TEST(Imports, differ_from_the_cell_they_take_the_place_of_in_encoder_and_seed_only) {
  World world;
  const auto place = positions_of(world.plan(with_seeds), "probe").front();
  const auto cell = imported_cell(place, "theirs", 7, content);
  ASSERT_EQ(cell.cell.axes.size(), place.cell.axes.size());
  for (std::size_t i = 0; i < cell.cell.axes.size(); ++i) {
    const auto& [axis, value] = cell.cell.axes[i];
    EXPECT_EQ(value, axis == "encoder" ? AxisValue("theirs")
                     : axis == "seed"  ? AxisValue(7)
                                       : place.cell.axes[i].value);
  }
  EXPECT_TRUE(cell.request().features.empty() && cell.features.empty());
}

TEST(Imports, stay_while_they_would_be_scored_alike) {
  World world;
  Store store(world.folder / "results.db", Store::Mode::write);
  auto plan = world.plan(with_seeds);
  plan.cells.push_back(imported_cell(positions_of(plan, "probe").front(), "theirs", 0, content));
  record(store, plan);

  auto again = world.plan(std::string(with_seeds) + "# a new revision\n");
  keep_imported(again, store);
  EXPECT_EQ(imported(again), (std::vector<std::string>{"theirs"}));
  EXPECT_EQ(again.cells.back().key, plan.cells.back().key);
  EXPECT_EQ(again.cells.back().decision, Decision::left_out);
  EXPECT_THAT(positions_of(again, "probe"), SizeIs(1)) << "an import takes no import's place";

  Overrides overrides;
  overrides.set = {"task.probe.options.lr=0.5"};
  auto changed = world.plan(with_seeds, overrides);
  keep_imported(changed, store);
  EXPECT_TRUE(imported(changed).empty());
}

TEST(Imports, are_none_without_results) {
  World world;
  Store store(world.folder / "results.db", Store::Mode::write);
  auto plan = world.plan(with_seeds);
  const auto cells = plan.cells.size();
  keep_imported(plan, store);
  EXPECT_EQ(plan.cells.size(), cells);
}

}  // namespace
}  // namespace earshot::host
