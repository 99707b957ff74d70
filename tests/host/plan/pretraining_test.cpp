#include <gmock/gmock.h>

#include "support.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A world with an encoder that can be trained, and an evaluator that does it.
struct TrainingWorld : World {
  TrainingWorld() {
    add("net.so",
        plugin("net", "encoder", {{"net", {option("width", protocol::OptionType::integer, 8)}}},
               {"learner"}));
    add("train.so", plugin("train", "evaluator",
                           {{"train", {option("steps", protocol::OptionType::integer, 5)}}}));
    queries.facts["train"] = evaluator_facts(true, {"learner", "audio"});
  }

  static std::string trained(const std::string& end = "", const std::string& dataset = "made") {
    return "encoder = ['mel', 'net']\ntask = ['probe']\n" + end +
           "[encoder.net]\nuse = 'net'\n[encoder.net.pretrain]\nuse = 'train'\ndataset = '" +
           dataset + "'\noptions = { steps = 7 }\n";
  }
};

TEST(Pretraining, is_a_stage_that_features_and_cells_stand_on) {
  TrainingWorld world;
  const auto plan = world.plan(TrainingWorld::trained());
  ASSERT_THAT(plan.cells, SizeIs(2));
  EXPECT_THAT(plan.cells[0].pretrain, IsEmpty());
  EXPECT_THAT(plan.cells[0].request().features[0].encoder.state, IsEmpty());
  const auto& cell = plan.cells[1];
  EXPECT_EQ(cell.decision, Decision::run);
  EXPECT_EQ(cell.weights, "pretrained on made");
  EXPECT_EQ(cell.key, cell.identity.key());
  ASSERT_THAT(plan.pretrain, SizeIs(1));
  const auto& stage = plan.pretrain.at(cell.pretrain.at(0));
  EXPECT_EQ(stage.key, protocol::sha256(cell.identity.json().at("encoder")));
  EXPECT_EQ(stage.label, "net");
  EXPECT_EQ(stage.dataset_label, "made");
  EXPECT_EQ(stage.request.encoder.component, "net");
  EXPECT_THAT(stage.request.encoder.state, IsEmpty());
  EXPECT_EQ(stage.request.evaluator.options, Json({{"steps", 7}}));
  EXPECT_EQ(stage.request.dataset.component.component, "made");
  EXPECT_EQ(stage.request.seed, 0);
  EXPECT_EQ(stage.request.file,
            (world.folder / "cache/pretrained" / stage.key / "encoder.state").string());
  EXPECT_EQ(cell.request().features[0].encoder.state, stage.request.file);
  EXPECT_EQ(plan.features.at(cell.features).pretrain, stage.key);
  EXPECT_THAT(plan.plugins, SizeIs(5));
}

TEST(Pretraining, of_a_language_model_is_with_the_options_set_for_it_and_alone) {
  TrainingWorld world;
  world.add("lm.so", plugin("lm", "language_model",
                            {{"lm", {option("train", protocol::OptionType::text, "frozen")}}}));
  world.add("map.so", plugin("map", "mapper", {{"map", {}}}));
  world.add("teach.so", plugin("teach", "evaluator", {{"teach", {}}}));
  world.add("ask.so", plugin("ask", "evaluator", {{"ask", {}}}));
  world.queries.facts["teach"] = evaluator_facts(true, {"language_model"});
  world.queries.facts["ask"] = evaluator_facts(true, {"features", "mapper", "language_model"});
  const std::string axes =
      "encoder = ['mel']\ntask = ['probe', 'ask']\nmapper = ['map']\nlanguage_model = ['lm']\n"
      "[task.ask]\nuse = 'ask'\ndataset = 'made'\n[mapper.map]\nuse = 'map'\n"
      "[language_model.lm]\nuse = 'lm'\n[language_model.lm.pretrain]\ndataset = 'made'\n";
  const auto plan = world.plan(axes + "use = 'teach'\nset = { train = 'full' }\n");
  ASSERT_THAT(plan.cells, SizeIs(2));
  ASSERT_THAT(plan.pretrain, SizeIs(1));
  const auto& stage = plan.pretrain.begin()->second;
  EXPECT_EQ(stage.trainee(), "language model");
  EXPECT_EQ(stage.request.language_model.options, Json({{"train", "full"}}));
  EXPECT_THAT(stage.request.encoder.plugin, IsEmpty());
  const auto& cell = plan.cells[1];
  EXPECT_EQ(cell.pretrain, std::vector<std::string>{stage.key});
  EXPECT_EQ(cell.request().language_model.options, Json({{"train", "frozen"}}));
  EXPECT_EQ(cell.request().language_model.state, stage.request.file);
  auto as_trained = cell.identity.json().at("language_model");
  EXPECT_EQ(as_trained.at("pretrain").erase("trained"), 1);
  as_trained["options"] = {{"train", "full"}};
  EXPECT_EQ(stage.key, protocol::sha256(as_trained));
  const auto other = world.plan(axes + "use = 'teach'\n");
  EXPECT_NE(other.cells[1].key, cell.key);
  EXPECT_THAT(world.refused(axes + "use = 'ask'\n"),
              AllOf(HasSubstr("uses features"), HasSubstr("only a language model")));
}

TEST(Pretraining, is_shared_by_encoders_that_differ_only_in_what_is_set_for_it) {
  TrainingWorld world;
  const std::string trained = "use = 'train'\ndataset = 'made'\nset = { width = 8 }\n";
  const auto plan = world.plan(
      "encoder = ['narrow', 'wide']\ntask = ['probe']\n"
      "[encoder.narrow]\nuse = 'net'\noptions = { width = 4 }\n[encoder.narrow.pretrain]\n" +
      trained + "[encoder.wide]\nuse = 'net'\n[encoder.wide.pretrain]\n" + trained);
  ASSERT_THAT(plan.cells, SizeIs(2));
  ASSERT_THAT(plan.pretrain, SizeIs(1));
  const auto& stage = plan.pretrain.begin()->second;
  EXPECT_EQ(stage.request.encoder.options, Json({{"width", 8}}));
  for (const auto& cell : plan.cells)
    EXPECT_EQ(cell.request().features[0].encoder.state, stage.request.file);
  EXPECT_EQ(plan.cells[0].request().features[0].encoder.options, Json({{"width", 4}}));
  EXPECT_NE(plan.cells[0].key, plan.cells[1].key);
  EXPECT_NE(plan.cells[0].features, plan.cells[1].features);
}

TEST(Pretraining, changes_the_keys_of_its_own_cells_and_of_no_others) {
  TrainingWorld world;
  const auto before = world.plan(TrainingWorld::trained());
  for (const auto* change :
       {"encoder.net.pretrain.options.steps=8", "encoder.net.pretrain.dataset=real",
        "encoder.net.options.width=9", "dataset.made.limit=10", "dataset.made.options.world=1"}) {
    SCOPED_TRACE(change);
    const auto after = world.plan(TrainingWorld::trained(), {.set = {change}});
    EXPECT_EQ(after.cells[0].key, before.cells[0].key);
    EXPECT_NE(after.cells[1].key, before.cells[1].key);
    EXPECT_NE(after.cells[1].pretrain, before.cells[1].pretrain);
    EXPECT_NE(after.cells[1].features, before.cells[1].features);
  }
  world.folder.write("plugins/train.so", "another build");
  const auto rebuilt = world.plan(TrainingWorld::trained());
  EXPECT_EQ(rebuilt.cells[0].key, before.cells[0].key);
  EXPECT_NE(rebuilt.cells[1].key, before.cells[1].key);
}

TEST(Pretraining, is_shared_by_tasks_seeds_and_number_types) {
  TrainingWorld world;
  const auto plan =
      world.plan(TrainingWorld::trained("seed = [0, 1]\n\"encoder.dtype\" = "
                                        "['float32', 'float16']\n"));
  EXPECT_THAT(plan.cells, SizeIs(8));
  EXPECT_THAT(plan.pretrain, SizeIs(1));
}

TEST(Pretraining, refuses_an_encoder_that_cannot_be_trained_where_it_is_asked_for) {
  TrainingWorld world;
  EXPECT_THAT(world.refused("encoder = ['mel']\ntask = ['probe']\n[encoder.mel.pretrain]\nuse = "
                            "'train'\ndataset = 'made'\n"),
              AllOf(HasSubstr("x.toml:19:14: encoder 'mel/log_mel' cannot be trained"),
                    HasSubstr("'learner'")));
}

TEST(Pretraining, refuses_an_evaluator_that_trains_no_encoder_or_needs_more_than_that) {
  TrainingWorld world;
  auto text = TrainingWorld::trained();
  world.queries.facts["train"] = evaluator_facts(true, {"audio"});
  EXPECT_THAT(world.refused(text), AllOf(HasSubstr("x.toml:21:14: evaluator 'train/train'"),
                                         HasSubstr("does not train an encoder")));
  TrainingWorld other;
  other.queries.facts["train"] = evaluator_facts(true, {"learner", "mapper"});
  EXPECT_THAT(other.refused(text), HasSubstr("uses mapper, which is not available in pretraining"));
}

TEST(Pretraining, skips_cells_whose_test_items_it_has_seen_or_that_would_train_again) {
  TrainingWorld world;
  const auto folds = world.plan(TrainingWorld::trained("fold = [1]\n", "real"));
  EXPECT_EQ(folds.cells[0].decision, Decision::run);
  EXPECT_EQ(folds.cells[1].decision, Decision::skipped);
  EXPECT_THAT(folds.cells[1].reason, HasSubstr("pretrained on all folds of dataset 'real'"));
  const auto again = world.plan(TrainingWorld::trained() +
                                "[task.more]\nuse = 'train'\ndataset = 'real'\n[[matrix]]\n"
                                "encoder = ['net']\ntask = ['more']\n");
  EXPECT_EQ(again.cells[2].decision, Decision::skipped);
  EXPECT_THAT(again.cells[2].reason, HasSubstr("would train it again"));
}

TEST(Pretraining, on_missing_data_leaves_its_cells_out_with_the_reason) {
  TrainingWorld world;
  world.queries.errors["made"] = {"data", "there is no such world"};
  const auto plan = world.plan(TrainingWorld::trained());
  EXPECT_EQ(plan.cells[0].decision, Decision::run);
  EXPECT_EQ(plan.cells[1].decision, Decision::skipped);
  EXPECT_THAT(plan.cells[1].reason, HasSubstr("there is no such world"));
}

}  // namespace
}  // namespace earshot::host
