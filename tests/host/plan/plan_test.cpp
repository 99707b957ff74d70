#include "host/plan/plan.hpp"

#include <set>

#include <gmock/gmock.h>

#include "support.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto one = "encoder = ['mel']\ntask = ['probe']\n";

TEST(Plan, says_what_a_cell_asks_of_its_worker) {
  World world;
  const auto plan = world.plan("encoder = ['mel']\ntask = ['probe']\nseed = [3]\nfold = [2]\n");
  ASSERT_THAT(plan.cells, SizeIs(1));
  const auto& cell = plan.cells[0];
  EXPECT_EQ(cell.decision, Decision::run);
  EXPECT_EQ(cell.primary, "accuracy");
  EXPECT_EQ(cell.weights, "random");
  const auto request = cell.request();
  EXPECT_EQ(request.seed, 3);
  EXPECT_EQ(request.predict, "test");
  EXPECT_EQ(request.replicates, 2000);
  EXPECT_EQ(request.evaluator.component, "probe");
  EXPECT_EQ(request.evaluator.options, Json::parse(R"({"target": "class", "lr": 0.1})"));
  EXPECT_EQ(request.dataset.fold, 2);
  EXPECT_EQ(request.dataset.key, cell.dataset_key);
  EXPECT_EQ(request.dataset.component.options.at("root"), (world.folder / "data").string());
  ASSERT_THAT(request.features, SizeIs(1));
  EXPECT_EQ(request.features[0].encoder.component, "log_mel");
  EXPECT_EQ(request.features[0].dtype, "float32");
  EXPECT_FALSE(request.features[0].codes);
  const auto& stage = plan.features.at(cell.features);
  EXPECT_EQ(stage.source.key, request.features[0].key);
  EXPECT_EQ(stage.dataset.fold, 0);
  EXPECT_EQ(plan.datasets.at(cell.dataset_key).label, "real");
  EXPECT_THAT(plan.plugins, SizeIs(3));
  std::ifstream stream(request.dataset.file_hashes, std::ios::binary);
  const auto list = protocol::parse_list(std::string{std::istreambuf_iterator<char>(stream), {}});
  ASSERT_TRUE(list);
  ASSERT_THAT(*list, SizeIs(1));
  EXPECT_EQ(list->front().path, world.sound);
  EXPECT_EQ(list->front().sha256, protocol::sha256(std::string_view("sound")));
  EXPECT_EQ(request.dataset.files_digest, protocol::content_digest(*list));
  EXPECT_EQ(request.dataset.items_hash, protocol::sha256(std::string_view("items")));
  EXPECT_EQ(request.evaluator.plugin_sha256, protocol::sha256(std::string_view("probe.so")));
}

TEST(Planning, of_what_hears_nothing_needs_no_weights_of_the_encoder) {
  World world;
  world.queries.facts["probe"] = evaluator_facts(true, {"language_model"});
  const auto text = std::string(
      "encoder = ['far']\ntask = ['probe']\nlanguage_model = ['words']\n"
      "[language_model.words]\nuse = 'words'\n"
      "[encoder.far]\nuse = 'log_mel'\noptions = { weights = 'absent.bin' }\n");
  EXPECT_EQ(world.plan(text).cells.at(0).decision, Decision::run);
  World hearing;
  hearing.queries.facts["probe"] = evaluator_facts(true, {"language_model", "features"});
  EXPECT_EQ(hearing.plan(text).cells.at(0).decision, Decision::skipped);
}

TEST(Features, are_shared_by_folds_seeds_and_tasks) {
  World world;
  const auto plan = world.plan(
      "encoder = ['mel']\ntask = ['probe', 'knn']\nfold = '*'\n"
      "seed = [0, 1]\n[task.knn]\nuse = 'knn'\ndataset = 'real'\n");
  EXPECT_THAT(plan.cells, SizeIs(8));
  EXPECT_THAT(plan.features, SizeIs(1));
}

TEST(Features, of_a_limited_dataset_are_of_its_fold) {
  World world;
  const auto plan = world.plan("encoder = ['mel']\ntask = ['probe']\nfold = '*'\n",
                               {.set = {"dataset.real.limit=10"}});
  EXPECT_THAT(plan.features, SizeIs(2));
  for (const auto& cell : plan.cells)
    EXPECT_EQ(plan.features.at(cell.features).dataset.fold, cell.cell.fold);
}

// Regression: a cell whose seed has an override was excluded, as if the seed had no effect.
TEST(Seeds, that_an_override_gives_another_option_are_run) {
  World world;
  const auto plan = world.plan(
      "encoder = ['mel']\ntask = ['knn']\nfold = [1]\nseed = [0, 1, 2]\n"
      "[task.knn]\nuse = 'knn'\ndataset = 'real'\n"
      "[[override]]\nmatch = { seed = 1 }\noptions = { encoder = { mels = 20 } }\n");
  std::vector<std::string> run;
  for (const auto& cell : plan.cells)
    if (cell.decision == Decision::run) run.push_back(cell.cell.label());
  EXPECT_THAT(run, ElementsAre("mel/knn/f1/s0", "mel/knn/f1/s1"));
  EXPECT_THAT(plan.notes, ElementsAre("the seed has no effect on 'knn': 2 of 3 seeds run"));
}

TEST(PrimaryMetric, follows_the_type_of_the_label_that_is_predicted) {
  World world;
  auto target = option("label", protocol::OptionType::text, "");
  target.role = "target_label";
  auto type = option("label_type", protocol::OptionType::text, "");
  type.role = "target_type";
  type.choices = {"", "class", "number", "set"};
  type.affects_results = false;
  world.add("typed.so", plugin("typed", "evaluator", {{"typed", {target, type}}}));
  world.queries.listings["folder"].info.labels.push_back({"rt60", "number", "s", {}});
  struct Typed : ScriptedQueries {
    explicit Typed(const ScriptedQueries& other) : ScriptedQueries(other) {}
    protocol::Facts resolve(const protocol::ComponentRef& component) override {
      if (component.component != "typed") return ScriptedQueries::resolve(component);
      const bool number = component.options.at("label_type") == "number";
      return protocol::EvaluatorFacts{
          .uses = {.features = true, .seed = false},
          .metrics = {{.name = "accuracy", .primary = !number},
                      {.name = "mae", .higher_is_better = false, .primary = number}}};
    }
  } queries(world.queries);
  const auto text = World::text() +
                    "encoder = ['mel']\ntask = ['kind', 'echo']\nfold = [1]\n"
                    "[task.kind]\nuse = 'typed'\ndataset = 'real'\noptions = { label = 'class' }\n"
                    "[task.echo]\nuse = 'typed'\ndataset = 'real'\noptions = { label = 'rt60' }\n";
  const auto file = (world.folder / "x.toml").string();
  const auto experiment = parse_experiment(file, {}, [&](const std::string&) { return text; });
  HashCache hashes(world.folder / "cache");
  const Catalog catalog(world.files, queries, hashes);
  const auto plan =
      make_plan(experiment, {}, catalog, queries, hashes, world.folder / "cache", nullptr);
  ASSERT_THAT(plan.cells, SizeIs(2));
  EXPECT_EQ(plan.cells[0].primary, "accuracy");
  EXPECT_EQ(plan.cells[1].primary, "mae");
  EXPECT_EQ(plan.cells[1].request().evaluator.options.at("label_type"), "number");
  EXPECT_EQ(plan.cells[1].identity.text().find("label_type"), std::string::npos);
}

TEST(Seeds, that_change_nothing_are_not_run) {
  World world;
  const auto plan = world.plan(
      "encoder = ['mel']\ntask = ['knn']\nfold = '*'\nseed = [4, 0, 1]\n"
      "[task.knn]\nuse = 'knn'\ndataset = 'real'\n");
  std::vector<std::string> run;
  for (const auto& cell : plan.cells) {
    if (cell.decision == Decision::run)
      run.push_back(cell.cell.label());
    else
      EXPECT_EQ(cell.reason, "the seed has no effect on 'knn'");
  }
  EXPECT_THAT(run, ElementsAre("mel/knn/f1/s4", "mel/knn/f2/s4"));
  EXPECT_THAT(plan.notes, ElementsAre("the seed has no effect on 'knn': 1 of 3 seeds runs"));
  const auto other = world.plan(
      "encoder = ['mel']\ntask = ['knn']\nfold = [1]\nseed = [7]\n"
      "[task.knn]\nuse = 'knn'\ndataset = 'real'\n");
  EXPECT_EQ(other.cells[0].key, plan.cells[0].key);
}

/// Of the first cell of `end`, with a plugin that says what its default weights were trained on.
Json facts_of_checkpoint(const std::string& encoder, const std::string& end = "") {
  World world;
  world.folder.write("own.bin", "weights");
  world.folder.write("default.bin", "weights");
  using protocol::OptionType;
  auto data = option("trained_on", OptionType::texts, {"AudioSet"});
  data.role = "pretraining_data";
  data.affects_results = false;
  world.add(
      "big.so",
      plugin("big", "encoder",
             {{"big",
               {option("weights", OptionType::weights, {{"source", "default.bin"}, {"path", ""}}),
                data}}}));
  const auto plan = world.plan("encoder = ['big']\ntask = ['probe']\n[encoder.big]\nuse = 'big'\n" +
                               encoder + end);
  const auto& cell = plan.cells.at(0);
  EXPECT_EQ(cell.decision, Decision::run) << cell.reason;
  return {cell.pretrain_data ? Json(*cell.pretrain_data) : Json(),
          cell.in_domain ? Json(*cell.in_domain) : Json()};
}

TEST(Checkpoint, was_trained_on_what_the_experiment_says_or_the_plugin_of_its_default_weights) {
  EXPECT_EQ(facts_of_checkpoint(""), Json::parse(R"([["AudioSet"], null])"));
  EXPECT_EQ(facts_of_checkpoint("options = { weights = 'own.bin' }\n"),
            Json::parse("[null, null]"));
  EXPECT_EQ(facts_of_checkpoint("options = { weights = 'random' }\n"), Json::parse("[[], false]"));
  EXPECT_EQ(facts_of_checkpoint("pretrain_data = 'my data'\noptions = { weights = 'own.bin' }\n"),
            Json::parse(R"([["my data"], null])"));
}

TEST(Checkpoint, is_in_domain_for_the_datasets_that_are_named) {
  EXPECT_EQ(facts_of_checkpoint("in_domain = ['real']\n")[1], true);
  EXPECT_EQ(facts_of_checkpoint("in_domain = ['made']\n")[1], false);
  EXPECT_EQ(facts_of_checkpoint("in_domain = []\n")[1], false);
}

TEST(Checkpoint, changes_no_key_by_what_is_said_of_it) {
  World world;
  const auto key = [&](const char* facts) {
    return world
        .plan("encoder = ['b']\ntask = ['probe']\n[encoder.b]\nuse = 'log_mel'\n" +
              std::string(facts))
        .cells.at(0)
        .key;
  };
  EXPECT_EQ(key(""), key("pretrain_data = ['x']\nin_domain = ['real']\n"));
}

std::string skipped(World& world, const std::string& end) {
  const auto plan = world.plan(end);
  EXPECT_EQ(plan.cells.at(0).decision, Decision::skipped);
  EXPECT_EQ(plan.cells.at(0).key, "");
  return plan.cells.at(0).reason;
}

TEST(Skipped, is_what_the_encoder_cannot_do) {
  World world;
  const auto plan = world.plan(
      "encoder = ['mel', 'codec']\ntask = ['tokens']\n[task.tokens]\nuse = "
      "'tokens'\ndataset = 'real'\n");
  EXPECT_EQ(plan.cells[0].decision, Decision::skipped);
  EXPECT_EQ(plan.cells[0].reason, "encoder 'mel' is not a codec, which task 'tokens' needs");
  EXPECT_EQ(plan.cells[1].decision, Decision::run);
  EXPECT_TRUE(plan.cells[1].request().features[0].codes);
}

TEST(Skipped, is_what_lacks_weights_or_data) {
  World world;
  EXPECT_EQ(skipped(world, std::string(one) + "[encoder.mel.options]\nweights = 'w.bin'\n"),
            "encoder 'mel': there is no file '" + (world.folder / "w.bin").string() + "'");
  EXPECT_THAT(skipped(world, std::string(one) + "[encoder.mel.options]\nweights = 'hf://a/no'\n"),
              HasSubstr("encoder 'mel': 'hf://a/no' is not in the local Hugging Face cache"));
  World empty;
  empty.queries.errors["folder"] = {"data", "data: there is no such folder"};
  EXPECT_EQ(skipped(empty, one), "dataset 'real': data: there is no such folder");
  EXPECT_EQ(skipped(empty, std::string(one) + "fold = '*'\n"),
            "dataset 'real': data: there is no such folder");
}

TEST(Skipped, is_what_crashes_its_worker) {
  World world;
  world.queries.errors["probe"] = {"crash", "the worker was killed by signal 11"};
  EXPECT_EQ(skipped(world, one), "task 'probe': the worker was killed by signal 11");
}

TEST(Plan, keeps_cells_that_the_command_line_leaves_out) {
  World world;
  const auto plan =
      world.plan("encoder = ['mel', 'codec']\ntask = ['probe']\n", {.only = {"encoder=codec"}});
  EXPECT_EQ(plan.cells[0].decision, Decision::left_out);
  EXPECT_THAT(plan.cells[0].key, SizeIs(64));
  EXPECT_EQ(plan.cells[1].decision, Decision::run);
}

TEST(Plan, does_not_look_for_what_is_excluded) {
  World world;
  const auto plan = world.plan(
      "encoder = ['mel', 'gone']\ntask = ['probe']\n[encoder.gone]\nuse = "
      "'no_such'\n[[exclude]]\nmatch = { encoder = 'gone' }\nreason = "
      "'not built'\n");
  EXPECT_EQ(plan.cells[1].decision, Decision::excluded);
  EXPECT_EQ(plan.cells[1].reason, "not built");
}

TEST(Plan, lets_cells_of_the_same_key_work_once) {
  World world;
  const auto plan =
      world.plan("encoder = ['mel', 'same']\ntask = ['probe']\n[encoder.same]\nuse = 'log_mel'\n");
  EXPECT_EQ(plan.cells[1].key, plan.cells[0].key);
  EXPECT_EQ(plan.cells[1].decision, Decision::left_out);
  EXPECT_EQ(plan.cells[1].reason, "identical to mel/probe/s0");
}

TEST(Plan, gives_files_that_cannot_be_read_identities_of_their_own_and_says_so) {
  World world;
  const auto key_with = [&](const std::vector<std::string>& files) {
    world.queries.listings["folder"].files = files;
    std::filesystem::remove_all(world.folder / "cache");
    const auto plan = world.plan(one);
    const auto all = std::to_string(files.size());
    if (files.back() == world.sound)
      EXPECT_THAT(plan.notes, IsEmpty());
    else
      EXPECT_THAT(plan.notes,
                  ElementsAre(HasSubstr("dataset 'real': " + all + " of " + all +
                                        " audio files cannot be read; the first is " + files[0])));
    return plan.cells[0].dataset_key;
  };
  const auto gone = (world.folder / "gone.wav").string();
  const auto folder = (world.folder / "data").string();
  const std::set<std::string> keys{key_with({world.sound}), key_with({gone}), key_with({folder}),
                                   key_with({gone, folder}), key_with({folder, gone})};
  EXPECT_EQ(keys.size(), 5u);
}

TEST(Plan, asks_nothing_when_nothing_changed) {
  World world;
  wait_until_settled();
  world.plan(one);
  EXPECT_EQ(world.queries.inspected, 5);
  EXPECT_EQ(world.queries.resolved, 1);
  EXPECT_EQ(world.queries.listed, 1);
  world.plan(std::string(one) + "seed = [0, 1]\n");
  EXPECT_EQ(world.queries.inspected, 5);
  EXPECT_EQ(world.queries.resolved, 1);
  EXPECT_EQ(world.queries.listed, 1);
  world.folder.write("plugins/probe.so", "another build");
  world.plan(one);
  EXPECT_EQ(world.queries.inspected, 6);
  EXPECT_EQ(world.queries.resolved, 2);
  EXPECT_EQ(world.queries.listed, 1);
}

TEST(Plan, lists_a_dataset_again_when_its_sources_change) {
  World world;
  const auto table = world.folder.write("data/table.csv", "a");
  const auto listed = [&] { return world.queries.listed; };
  world.queries.listings["folder"].info.sources = {table, (world.folder / "data").string()};
  Folder::age(world.folder / "data", std::chrono::hours(5));
  wait_until_settled();
  world.plan(one);
  world.plan(one);
  EXPECT_EQ(listed(), 1);
  world.folder.write("data/table.csv", "ab");
  Folder::age(world.folder / "data", std::chrono::hours(5));
  world.plan(one);
  EXPECT_GE(listed(), 2);
}

// What follows small experiments begins in line 19.
TEST(Refused, is_what_does_not_fit_the_plugins) {
  World world;
  EXPECT_EQ(world.refused("encoder = ['b']\ntask = ['probe']\n[encoder.b]\nuse = 'log_mell'\n"),
            "x.toml:19:10: unknown encoder 'log_mell'; known: codec, log_mel; did you mean "
            "'log_mel'?");
  EXPECT_EQ(world.refused("encoder = ['b']\ntask = ['probe']\n[encoder.b]\nuse = 'probe'\n"),
            "x.toml:19:10: unknown encoder 'probe'; known: codec, log_mel. For plugins in another "
            "folder, give --plugin-path FOLDER or set EARSHOT_PLUGIN_PATH");
  EXPECT_EQ(world.refused(std::string(one) + "[encoder.mel.options]\nmells = 4\n"),
            "x.toml:20:1: unknown option 'mells' of log_mel; did you mean 'mels'? Options: mels, "
            "weights, table, workers.");
  EXPECT_EQ(world.refused(std::string(one) + "'task.lr' = ['a']\n"),
            "x.toml:19:1: option 'lr' of probe is \"a\"; expected a number.");
}

TEST(Refused, is_what_does_not_fit_the_data) {
  World world;
  const std::string end = one;
  EXPECT_EQ(world.refused(end + "'task.target' = ['clas']\n"),
            "x.toml:19:1: dataset 'real' has no label 'clas'; known: class; did you mean 'class'?");
  EXPECT_EQ(world.refused(end + "categry = '*'\n"),
            "x.toml:19:1: no dataset has slices by 'categry'; known: category; did you mean "
            "'category'?");
  EXPECT_EQ(world.refused(end + "category = ['lout']\n"),
            "x.toml:19:1: no item is in the slice category = 'lout'; known: loud, quiet; did you "
            "mean 'loud'?");
  EXPECT_EQ(world.refused(end + "fold = [3]\n"),
            "x.toml:19:1: dataset 'real' has no fold 3; known: [1,2]");
  World foldless;
  foldless.queries.listings["folder"].info.folds.clear();
  EXPECT_EQ(foldless.refused(end + "fold = '*'\n"),
            "x.toml:19:1: dataset 'real' has no folds; remove the axis 'fold'");
  EXPECT_EQ(world.refused(end + "[[reference]]\nmatch = { encoder = 'mel' }\nmetric = 'acuracy'\n"
                                "value = 1\nsource = 's'\n"),
            "x.toml:20:9: no task has the metric 'acuracy'; known: accuracy, loss; did you mean "
            "'accuracy'?");
}

TEST(Refused, is_what_a_plugin_does_not_want) {
  World world;
  world.queries.errors["folder"] = {"config", "root is empty; expected a folder"};
  EXPECT_EQ(world.refused(one), "x.toml:3:10: dataset 'real': root is empty; expected a folder");
}

}  // namespace
}  // namespace earshot::host
