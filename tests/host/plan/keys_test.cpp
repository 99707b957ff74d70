#include <set>

#include <gmock/gmock.h>

#include "host/plan/plan.hpp"
#include "support.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto one_cell = "encoder = ['mel']\ntask = ['probe']\n";

std::string key(World& world, const std::string& end, const Overrides& overrides = {}) {
  const auto plan = world.plan(end, overrides);
  EXPECT_EQ(plan.cells.at(0).reason, "new");
  EXPECT_THAT(plan.cells.at(0).key, SizeIs(64));
  return plan.cells.at(0).key;
}

TEST(Keys, are_hashes_of_what_the_cell_is) {
  World world;
  const auto plan = world.plan(
      "encoder = ['codec']\ntask = ['probe', 'knn']\nfold = [1]\n"
      "[task.knn]\nuse = 'knn'\ndataset = 'made'\naudio = { crop = "
      "'seeded', max_seconds = 2.5 }\n");
  for (const auto& cell : plan.cells) {
    EXPECT_EQ(cell.key, protocol::sha256(cell.identity.json()));
    EXPECT_EQ(cell.identity.text(), protocol::canonical(cell.identity.json()));
  }
}

TEST(Keys, ignore_labels_places_and_resources) {
  World world;
  const auto first = key(world, one_cell);
  EXPECT_EQ(key(world, std::string(one_cell) + "[resources]\njobs = 3\ntimeout = 5\n"), first);
  EXPECT_EQ(key(world, one_cell, {.set = {"experiment.question=why"}}), first);
  EXPECT_EQ(key(world, one_cell, {.set = {"encoder.mel.options.workers=8"}}), first);
  EXPECT_EQ(key(world, one_cell, {.set = {"encoder.mel.options.mels=64"}}), first);
  EXPECT_EQ(key(world, "encoder = ['m']\ntask = ['probe']\n[encoder.m]\nuse = 'mel/log_mel'\n"),
            first);
  World elsewhere;
  EXPECT_NE(elsewhere.folder.path(), world.folder.path());
  EXPECT_EQ(key(elsewhere, one_cell), first);
}

TEST(Keys, change_with_what_decides_results) {
  World world;
  std::set<std::string> keys{key(world, one_cell)};
  for (const auto* change :
       {"encoder.mel.options.mels=40", "encoder.mel.dtype=float16", "task.probe.options.lr=0.5",
        "task.probe.audio.crop=centre", "dataset.real.limit=10", "dataset.real.validation=0.2",
        "dataset.real.shuffle_labels=true", "matrix.0.seed=1", "matrix.0.fold=1",
        "statistics.replicates=10", "task.probe.dataset=made"})
    EXPECT_TRUE(keys.insert(key(world, one_cell, {.set = {change}})).second) << change;
}

TEST(Keys, change_with_the_bytes_of_data_and_plugins) {
  World world;
  const auto both = "encoder = ['mel', 'codec']\ntask = ['probe']\n";
  const auto before = world.plan(both);
  world.folder.write("data/a.wav", "other");
  const auto data = world.plan(both);
  EXPECT_NE(data.cells[0].key, before.cells[0].key);
  EXPECT_EQ(data.cells[0].request().features[0].key, before.cells[0].request().features[0].key);
  EXPECT_NE(data.cells[0].features, before.cells[0].features);
  world.folder.write("plugins/mel.so", "another build");
  const auto built = world.plan(both);
  EXPECT_NE(built.cells[0].key, data.cells[0].key);
  EXPECT_NE(built.cells[0].request().features[0].key, data.cells[0].request().features[0].key);
  EXPECT_EQ(built.cells[1].key, data.cells[1].key);
  world.folder.write("plugins/data.so", "another build of data");
  EXPECT_EQ(world.plan(both).cells[0].key, built.cells[0].key);  // items and files are the same
}

TEST(Keys, of_made_sound_change_with_the_plugin_that_makes_it) {
  World world;
  const Overrides made{.set = {"task.probe.dataset=made"}};
  const auto before = key(world, one_cell, made);
  world.folder.write("plugins/data.so", "another build");
  EXPECT_NE(key(world, one_cell, made), before);
}

TEST(Keys, count_a_plugin_by_its_version_where_asked) {
  World world;
  const Overrides version{.set = {"experiment.key=version"}};
  const auto before = key(world, one_cell, version);
  EXPECT_NE(before, key(world, one_cell));
  world.folder.write("plugins/mel.so", "another build");
  EXPECT_EQ(key(world, one_cell, version), before);
}

TEST(Keys, take_files_by_content) {
  World world;
  world.folder.write("table.txt", "1 2 3");
  world.folder.write("copy/other.txt", "1 2 3");
  const auto first =
      key(world, std::string(one_cell) + "[encoder.mel.options]\ntable = 'table.txt'\n");
  EXPECT_NE(first, key(world, one_cell));
  EXPECT_EQ(key(world, std::string(one_cell) + "[encoder.mel.options]\ntable = 'copy/other.txt'\n"),
            first);
  world.folder.write("table.txt", "1 2 4");
  EXPECT_NE(key(world, std::string(one_cell) + "[encoder.mel.options]\ntable = 'table.txt'\n"),
            first);
}

TEST(Keys, of_a_fit_are_shared_where_only_the_scoring_differs) {
  World world;
  const auto few = world.plan(one_cell, {.set = {"statistics.replicates=10"}});
  const auto many = world.plan(one_cell);
  EXPECT_NE(few.cells[0].key, many.cells[0].key);
  EXPECT_EQ(few.cells[0].request().fit_key, many.cells[0].request().fit_key);
}

TEST(Keys, of_what_hears_nothing_are_the_same_for_every_encoder) {
  World world;
  world.queries.facts["probe"] = evaluator_facts(true, {"language_model"});
  const auto blind = world.plan(
      "encoder = ['mel', 'codec']\ntask = ['blind']\nlanguage_model = ['words']\n"
      "[task.blind]\nuse = 'probe'\ndataset = 'real'\n"
      "[language_model.words]\nuse = 'words'\n");
  ASSERT_THAT(blind.cells, SizeIs(2));
  EXPECT_EQ(blind.cells[0].decision, Decision::run);
  EXPECT_EQ(blind.cells[0].key, blind.cells[1].key);
  EXPECT_EQ(blind.cells[1].reason, "identical to " + blind.cells[0].cell.label());
  EXPECT_TRUE(blind.cells[0].request().features.empty());
  EXPECT_TRUE(blind.features.empty());
  EXPECT_TRUE(blind.cells[0].identity.json().at("encoder").is_null());
}

TEST(Keys, of_data_that_can_be_read_are_hashes_of_the_same_text_as_ever) {
  World world;
  const auto plan = world.plan(one_cell);
  const auto sound = protocol::sha256(std::string_view("sound"));
  const auto& cell = plan.cells[0];
  EXPECT_EQ(cell.dataset_key,
            protocol::sha256(Json{{"component", "data/folder"},
                                  {"options", Json::object()},
                                  {"items", protocol::sha256(std::string_view("items"))},
                                  {"files", protocol::sha256(std::string_view(sound + "\n"))}}));
}

TEST(Keys, of_data_that_is_made_hold_the_content_of_what_it_is_made_of) {
  World world;
  world.queries.listings["folder"].info.synthesized = true;
  world.queries.listings["folder"].files.clear();
  const auto first = world.plan(one_cell).cells[0];
  ASSERT_THAT(first.request().dataset.component.inputs, SizeIs(1));
  EXPECT_EQ(first.request().dataset.component.inputs[0].path, (world.folder / "data").string());
  world.folder.write("data/a.wav", "another sound");
  EXPECT_NE(world.plan(one_cell).cells[0].dataset_key, first.dataset_key);
}

}  // namespace
}  // namespace earshot::host
