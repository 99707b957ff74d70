#include "host/experiment/matrix.hpp"

#include <gmock/gmock.h>

#include "support.hpp"

namespace earshot::host {
namespace {

using testing::ElementsAre;

std::vector<std::int64_t> no_folds(const CellComponent&) {
  return {};
}

std::vector<Cell> cells_of(const std::string& text, const Overrides& overrides = {},
                           const FoldsOf& folds = no_folds) {
  return expand(parse(text, overrides), overrides, folds);
}

std::vector<std::string> names(const std::vector<Cell>& cells) {
  std::vector<std::string> names;
  for (const auto& cell : cells)
    if (cell.selected && cell.excluded.empty()) names.push_back(cell.label());
  return names;
}

std::string refused(const std::string& text, const Overrides& overrides = {}) {
  return refusal([&] { cells_of(text, overrides); });
}

constexpr auto both = "encoder = ['mel', 'level']\ntask = ['room', 'event']\n";

TEST(Matrix, is_a_product_whose_last_axis_is_fastest) {
  EXPECT_THAT(names(cells_of(small("task = ['room', 'event']\nencoder = ['mel', 'level']\n"
                                   "seed = [3, 1]\n"))),
              ElementsAre("room/mel/s3", "room/mel/s1", "room/level/s3", "room/level/s1",
                          "event/mel/s3", "event/mel/s1", "event/level/s3", "event/level/s1"));
}

TEST(Matrix, gives_every_cell_a_dataset_and_a_seed) {
  const auto cell = cells_of(small(both)).at(1);
  ASSERT_EQ(cell.axes.size(), 4u);
  EXPECT_EQ(cell.axes,
            (Axes{{"encoder", "mel"}, {"task", "event"}, {"dataset", "rooms"}, {"seed", 0}}));
  EXPECT_EQ(cell.encoder.component->use, "log_mel");
  EXPECT_EQ(cell.dataset.component->use, "scenes");
  EXPECT_EQ(cell.mapper.label, "");
}

TEST(Matrix, lets_zipped_axes_advance_together) {
  EXPECT_THAT(names(cells_of(small("encoder = ['mel', 'level']\nseed = [0, 1]\n"
                                   "task = ['room', 'event']\nzip = [['encoder', 'task']]\n"))),
              ElementsAre("mel/room/s0", "mel/room/s1", "level/event/s0", "level/event/s1"));
}

TEST(Matrix, restricts_a_block_by_where) {
  EXPECT_THAT(
      names(cells_of(small(std::string(both) + "seed = [0, 1, 2]\n"
                                               "where = { task = { not = 'event' }, "
                                               "seed = { ge = 1 }, encoder = ['mel'] }\n"))),
      ElementsAre("mel/room/s1", "mel/room/s2"));
  EXPECT_EQ(refused(small(std::string(both) + "where = { seed = 5 }\n")),
            "x.toml:19:9: where leaves no cell of its [[matrix]]; correct it or remove it");
}

TEST(Matrix, counts_a_cell_that_two_blocks_reach_once) {
  EXPECT_THAT(names(cells_of(small("encoder = ['mel']\ntask = ['room']\n[[matrix]]\nseed = [0, 1]\n"
                                   "task = ['room']\nencoder = ['mel']\n"))),
              ElementsAre("mel/room/s0", "s1/room/mel"));
}

TEST(Matrix, makes_any_option_an_axis) {
  const auto cells =
      cells_of(small("encoder = ['mel']\ntask = ['room']\n"
                     "'task.lr' = [1e-4, 3e-4]\n'dataset.limit' = [0, 10]\n"));
  EXPECT_THAT(names(cells), ElementsAre("mel/room/task.lr=0.0001/dataset.limit=0/s0",
                                        "mel/room/task.lr=0.0001/dataset.limit=10/s0",
                                        "mel/room/task.lr=0.0003/dataset.limit=0/s0",
                                        "mel/room/task.lr=0.0003/dataset.limit=10/s0"));
  const auto &task = *cells[1].task.component, &dataset = *cells[1].dataset.component;
  EXPECT_EQ(task.options, Json::parse(R"({"target": "room", "lr": 1e-4})"));
  EXPECT_EQ(std::get<DatasetSettings>(dataset.settings).limit, 10);
  EXPECT_EQ(dataset.options, Json::object());
  EXPECT_EQ(task.position_of("lr").text(), "x.toml:19:1");
}

TEST(Matrix, shares_components_between_cells_that_use_them_alike) {
  const auto cells =
      cells_of(small("encoder = ['mel']\ntask = ['room']\n'task.lr' = [1, 2]\n"
                     "seed = [0, 1]\n"));
  ASSERT_EQ(cells.size(), 4u);
  EXPECT_EQ(cells[0].encoder.component, cells[3].encoder.component);
  EXPECT_EQ(cells[0].task.component, cells[1].task.component);
  EXPECT_NE(cells[0].task.component, cells[2].task.component);
}

TEST(Matrix, takes_all_folds_of_each_dataset_in_the_order_of_the_axes) {
  const auto text = small("encoder = ['mel', 'level']\nfold = '*'\ntask = ['room']\n");
  const auto cells = cells_of(text, {}, [](const CellComponent& dataset) {
    EXPECT_EQ(dataset.label, "rooms");
    return std::vector<std::int64_t>{1, 2, 3};
  });
  EXPECT_THAT(names(cells),
              ElementsAre("mel/f1/room/s0", "mel/f2/room/s0", "mel/f3/room/s0", "level/f1/room/s0",
                          "level/f2/room/s0", "level/f3/room/s0"));
  EXPECT_EQ(cells[1].fold, 2);
  EXPECT_THAT(names(cells_of(text)), ElementsAre("mel/f*/room/s0", "level/f*/room/s0"));
}

TEST(Matrix, names_a_dataset_by_an_axis_of_its_own) {
  const auto cells =
      cells_of(small("encoder = ['mel']\ntask = ['free']\ndataset = ['rooms']\n"
                     "[task.free]\nuse = 'knn'\n"));
  EXPECT_EQ(cells.at(0).dataset.label, "rooms");
  EXPECT_EQ(refused(small("encoder = ['mel']\ntask = ['free']\n[task.free]\nuse = 'knn'\n")),
            "x.toml:18:8: the task \"free\" has no dataset; give it one, or add an axis 'dataset' "
            "to this block");
}

TEST(Matrix, refuses_more_cells_than_max_cells) {
  EXPECT_EQ(refused(small(both), {.set = {"experiment.max_cells=3"}}),
            "x.toml:16:1: [[matrix]] gives more than 3 cells, which is max_cells. Remove some "
            "values, or raise max_cells in [experiment]");
  std::string text = "encoder = ['mel']\ntask = ['room']\n";
  for (int axis = 0; axis < 8; ++axis)
    text += "'task.o" + std::to_string(axis) + "' = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n";
  EXPECT_EQ(refused(small(text)),
            "x.toml:16:1: [[matrix]] is a product of 100000000.0 combinations; at most 10000000 "
            "are allowed. Remove some values");
}

TEST(Matrix, keeps_an_excluded_cell_with_its_reason) {
  const auto cells = cells_of(small(both) +
                              "[[exclude]]\nmatch = { encoder = 'level', task = "
                              "'event' }\nreason = 'no use'\n");
  ASSERT_EQ(cells.size(), 4u);
  EXPECT_EQ(cells[3].excluded, "no use");
  EXPECT_EQ(cells[2].excluded, "");
}

TEST(Matrix, refuses_an_exclude_that_matches_nothing) {
  const auto text = small(both) + "[[exclude]]\nmatch = { seed = 4 }\nreason = 'r'\n";
  EXPECT_EQ(refused(text),
            "x.toml:20:9: [[exclude]] matches no cell; each must match one. Correct "
            "the match, or write optional = true");
  EXPECT_EQ(cells_of(text + "optional = true\n").size(), 4u);
}

TEST(Matrix, lets_the_later_override_win) {
  const auto cells = cells_of(small(both) + R"([[override]]
match = { encoder = "mel" }
options = { task = { lr = 1 }, encoder = { dtype = "float16" } }
resources = { timeout = 5, memory = 9 }
[[override]]
match = { encoder = "mel", task = "room" }
options = { task = { lr = 2 } }
resources = { timeout = 6 }
)");
  EXPECT_EQ(cells[0].task.component->options, Json::parse(R"({"target": "room", "lr": 2})"));
  EXPECT_EQ(std::get<EncoderSettings>(cells[0].encoder.component->settings).dtype, "float16");
  EXPECT_EQ(cells[0].resources, (ResourceLimits{.timeout = 6, .memory = 9}));
  EXPECT_EQ(cells[1].task.component->options, Json::parse(R"({"lr": 1})"));
  EXPECT_EQ(cells[2].task.component->options, Json::parse(R"({"target": "room"})"));
  EXPECT_EQ(cells[2].resources, ResourceLimits{});
}

TEST(Matrix, refuses_an_override_that_contradicts_the_cell) {
  EXPECT_EQ(refused(small("encoder = ['mel']\ntask = ['room']\n'task.lr' = [1, 2]\n") +
                    "[[override]]\nmatch = { encoder = 'mel' }\noptions = { task = { lr = 3 } }\n"),
            "x.toml:22:22: [[override]] changes 'task.lr' of the cell mel/room/task.lr=1/s0, but "
            "it is an axis of this cell. Restrict the match, or remove the axis");
  EXPECT_EQ(
      refused(small(both) +
              "[[override]]\nmatch = { encoder = 'mel' }\noptions = { mapper = { d = 3 } }\n"),
      "x.toml:21:24: [[override]] changes 'mapper.d' of the cell mel/room/s0, which has no "
      "mapper. Restrict the match");
  EXPECT_EQ(
      refused(small(both) + "[[override]]\nmatch = { seed = 3 }\noptions = { task = { d = 3 } }\n"),
      "x.toml:20:9: [[override]] matches no cell; each must match one. Correct the match, or "
      "write optional = true");
}

TEST(Selection, leaves_out_what_only_and_skip_say) {
  const auto text = small(std::string(both) + "seed = [0, 1]\n");
  EXPECT_THAT(names(cells_of(text, {.only = {"encoder=mel", "seed=1"}})),
              ElementsAre("mel/room/s1", "mel/event/s1"));
  EXPECT_THAT(
      names(cells_of(text, {.only = {"encoder=mel,level"}, .skip = {"seed=0", "task=event"}})),
      ElementsAre("mel/room/s1", "level/room/s1"));
  EXPECT_EQ(cells_of(text, {.only = {"seed=1"}}).size(), 8u);
}

TEST(Selection, counts_the_limit_last) {
  const auto text = small(both) +
                    "[[exclude]]\nmatch = { task = 'room', encoder = 'mel' }\nreason = "
                    "'r'\n";
  EXPECT_THAT(names(cells_of(text, {.skip = {"encoder=mel"}, .limit = 1})),
              ElementsAre("level/room/s0"));
  EXPECT_THAT(names(cells_of(text, {.limit = 2})), ElementsAre("mel/event/s0", "level/room/s0"));
}

TEST(Selection, refuses_unknown_axes_and_values) {
  EXPECT_EQ(
      refused(small(both), {.only = {"encodr=mel"}}),
      "--only encodr=mel: unknown axis 'encodr'; known: encoder, task, dataset, seed; did you "
      "mean 'encoder'?");
  EXPECT_EQ(refused(small(both), {.skip = {"encoder=mel,mell"}}),
            "--skip encoder=mel,mell: unknown value of axis 'encoder': 'mell'; known: mel, level; "
            "did you mean 'mel'?");
  EXPECT_EQ(refused(small(both), {.only = {"mel"}}),
            "--only mel: no axis and value; expected AXIS=VALUE, such as encoder=log_mel");
}

// Two blocks of which one crosses what the other zips, conditions in every form: 320 combinations,
// 20 of them reached twice, 24 + 5 excluded.
TEST(Matrix, of_the_large_example_has_272_cells) {
  std::string text = "[experiment]\nname = 'ablation'\n[dataset.questions]\nuse = 'table'\n";
  for (const auto* encoder :
       {"logmel", "cqt", "conv", "xformer4", "xformer8", "xformer12", "random"})
    text += std::string("[encoder.") + encoder + "]\nuse = 'e'\n";
  for (const auto* task : {"pitch", "tempo", "timbre", "chord"})
    text += std::string("[task.") + task + "]\nuse = 't'\ndataset = 'questions'\n";
  text += R"([language_model.tiny]
use = "l"
[language_model.small]
use = "l"
[mapper.linear]
use = "m"
[mapper.mlp]
use = "m"
[[matrix]]
encoder = ["logmel", "cqt", "conv", "xformer4", "xformer8", "xformer12", "random"]
task = ["pitch", "tempo", "timbre", "chord"]
seed = [0, 1, 2, 3, 4]
language_model = ["tiny", "small"]
mapper = ["linear", "mlp"]
zip = [["language_model", "mapper"]]
category = ["counting", "ordering", "presence", "duration", "comparison", "attribute"]
[[matrix]]
encoder = ["logmel", "cqt", "conv", "xformer4", "random"]
language_model = ["tiny", "small"]
mapper = ["linear", "mlp"]
seed = [0, 1, 2, 3, 4]
task = ["pitch"]
where = { encoder = ["logmel", "conv"] }
[[exclude]]
match = { encoder = "random", seed = { ge = 2 } }
reason = "two seeds bound the chance level well enough"
[[exclude]]
match = { task = "chord", encoder = { in = ["logmel"] }, language_model = "tiny" }
reason = "below chance in the pilot run"
[[matrix]]
encoder = ["conv"]
task = ["pitch"]
language_model = ["small"]
mapper = ["mlp"]
seed = [99]  # one more cell, which the axes of the other blocks lack
)";
  const auto cells = cells_of(text);
  EXPECT_EQ(cells.size(), 301u);
  EXPECT_EQ(names(cells).size(), 272u);
  EXPECT_EQ(parse(text).blocks[0].slices.at("category").size(), 6u);
}

// Regression: a value that is not UTF-8, as a damaged results file may have it, ended 'runner
// answer' with an error of the JSON library.
TEST(Matrix, tells_values_apart_that_are_not_utf8) {
  auto experiment = parse(small(both));
  auto& block = experiment.blocks.front();
  block.positions["task.lr"] = {};
  block.axes.push_back(
      {"task.lr",
       {AxisValue::of("task.lr", Json("\xff")), AxisValue::of("task.lr", Json("\xfe"))}});
  EXPECT_EQ(expand(experiment, {}, no_folds).size(), 8U);
}

}  // namespace
}  // namespace earshot::host
