#include <set>

#include <gmock/gmock.h>

#include "reader_world.hpp"

// Readers that are trained, on what they read.

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Clusters that are learnt from mel on the dataset 'made'.
constexpr auto clusters =
    "[encoder.clusters]\nuse = 'clusters'\nfrom = 'mel'\n"
    "[encoder.clusters.pretrain]\nuse = 'train'\ndataset = 'made'\n";

/// "mel on made", in their order.
std::vector<std::string> features_of(const Plan& plan, const PlannedCell& cell) {
  std::vector<std::string> texts;
  for (const auto& key : plan.features_of(cell)) {
    const auto& stage = plan.features.at(key);
    texts.push_back(stage.encoder_label + " on " + stage.dataset_label);
  }
  return texts;
}

TEST(TrainedReader, learns_from_the_stage_of_its_source_on_the_data_of_its_training) {
  ReaderWorld world;
  const auto plan = world.plan("'clusters'", clusters);
  const auto& cell = plan.cells.at(0);
  EXPECT_EQ(cell.decision, Decision::run) << cell.reason;
  ASSERT_THAT(plan.pretrain, SizeIs(1));
  const auto& [key, stage] = *plan.pretrain.begin();
  EXPECT_THAT(cell.pretrain, ElementsAre(key));
  EXPECT_EQ(key, protocol::sha256(cell.identity.json().at("encoder")));
  ASSERT_THAT(stage.sources, SizeIs(1));
  const auto& learnt = plan.features.at(stage.sources[0]);
  EXPECT_EQ(learnt.dataset.component.component, "made");
  ASSERT_THAT(stage.request.from, SizeIs(1));
  EXPECT_EQ(stage.request.from[0].key, learnt.source.key);
  EXPECT_EQ(stage.request.from[0].encoder.component, "log_mel");
  EXPECT_EQ(stage.request.encoder.component, "clusters");
  EXPECT_EQ(stage.request.encoder.sources.at(0).features->dim, 64);
  EXPECT_THAT(stage.request.encoder.state, IsEmpty());
  const auto& features = plan.features.at(cell.features);
  EXPECT_EQ(features.pretrain, key);
  EXPECT_EQ(features.source.encoder.state, stage.request.file);
  EXPECT_EQ(features.source.from.at(0).key, learnt.source.key) << "of a clip, not of a dataset";
  EXPECT_THAT(features_of(plan, cell),
              ElementsAre("mel on made", "mel on real", "clusters on real"));
}

TEST(TrainedReader, shares_what_it_learns_from_with_the_cells_of_the_same_dataset) {
  ReaderWorld world;
  const auto plan = world.plan("'mel', 'clusters'", clusters,
                               {.set = {"encoder.clusters.pretrain.dataset=real"}});
  EXPECT_THAT(plan.features, SizeIs(2));
  EXPECT_THAT(plan.pretrain.begin()->second.sources, ElementsAre(plan.cells.at(0).features));
  EXPECT_THAT(features_of(plan, plan.cells.at(1)), ElementsAre("mel on real", "clusters on real"));
}

TEST(TrainedReader, has_a_training_whose_key_changes_with_all_that_it_learns_from) {
  ReaderWorld world;
  std::set<std::string> keys;
  const auto add = [&](const Overrides& overrides) {
    const auto plan = world.plan("'clusters'", clusters, overrides);
    return keys.insert(plan.cells.at(0).pretrain.at(0)).second;
  };
  EXPECT_TRUE(add({}));
  for (const auto* change : {"encoder.mel.options.mels=40", "encoder.mel.dtype=float16",
                             "encoder.clusters.options.k=8", "encoder.clusters.from=codec",
                             "encoder.clusters.pretrain.dataset=real", "dataset.made.limit=10"})
    EXPECT_TRUE(add({.set = {change}})) << change;
  EXPECT_FALSE(add({.set = {"encoder.mel.options.workers=3"}}));
  EXPECT_FALSE(add({.set = {"task.probe.audio.crop=centre"}})) << "it has no task";
  world.folder.write("plugins/mel.so", "another build");
  EXPECT_TRUE(add({}));
}

TEST(TrainedReader, of_a_trained_reader_of_a_trained_encoder_learns_from_what_these_have_learnt) {
  ReaderWorld world;
  const auto plan = world.plan("'sorter'",
                               std::string(clusters) +
                                   "[encoder.net]\nuse = 'net'\n[encoder.net.pretrain]\n"
                                   "use = 'train'\ndataset = 'real'\n[encoder.sorter]\n"
                                   "use = 'sorter'\nfrom = 'clusters'\n"
                                   "[encoder.sorter.pretrain]\nuse = 'train'\n"
                                   "dataset = 'made'\n",
                               {.set = {"encoder.clusters.from=net"}});
  const auto& cell = plan.cells.at(0);
  EXPECT_EQ(cell.decision, Decision::run) << cell.reason;
  std::map<std::string, const PretrainStage*> trainings;
  for (const auto& key : cell.pretrain)
    trainings[plan.pretrain.at(key).label] = &plan.pretrain.at(key);
  ASSERT_THAT(trainings, SizeIs(3));
  const auto& sorter = trainings.at("sorter")->request;
  EXPECT_TRUE(sorter.from.at(0).codes);
  EXPECT_EQ(sorter.from[0].encoder.state, trainings.at("clusters")->request.file);
  EXPECT_EQ(sorter.from[0].from.at(0).encoder.state, trainings.at("net")->request.file);
  const auto& learnt = plan.features.at(trainings.at("sorter")->sources.at(0));
  EXPECT_EQ(learnt.encoder_label, "clusters");
  EXPECT_EQ(learnt.pretrain, trainings.at("clusters")->key);
  EXPECT_EQ(plan.features.at(learnt.sources.at(0)).pretrain, trainings.at("net")->key);
  EXPECT_THAT(trainings.at("net")->sources, IsEmpty());
  EXPECT_THAT(features_of(plan, cell), ElementsAre("net on made", "clusters on made", "net on real",
                                                   "clusters on real", "sorter on real"));
  EXPECT_THAT(cell.pretrain_data.value(), ElementsAre("real", "made"));
  EXPECT_EQ(cell.in_domain, true) << "net is trained on 'real'";
}

TEST(TrainedReader, is_trained_for_each_encoder_that_an_axis_has_it_read) {
  ReaderWorld world;
  const auto plan =
      world.plan("'clusters'", std::string("\"encoder.from\" = ['mel', 'codec']\n") + clusters);
  ASSERT_THAT(plan.cells, SizeIs(2));
  ASSERT_THAT(plan.pretrain, SizeIs(2));
  for (const auto& cell : plan.cells) {
    const auto& stage = plan.pretrain.at(cell.pretrain.at(0));
    EXPECT_EQ(stage.request.from.at(0).encoder.component,
              cell.source->from.at(0).encoder.component);
    EXPECT_EQ(stage.request.encoder.sources.at(0).features->frame_rate,
              cell.source->encoder.sources.at(0).features->frame_rate);
  }
}

TEST(TrainedReader, is_labelled_with_its_training_and_what_is_known_of_its_sources) {
  ReaderWorld world;
  const auto plan = world.plan("'clusters'", clusters);
  EXPECT_EQ(plan.cells.at(0).weights, "pretrained on made, random");
  EXPECT_THAT(plan.cells.at(0).pretrain_data.value(), ElementsAre("made"));
  EXPECT_FALSE(plan.cells.at(0).in_domain.has_value());
}

TEST(TrainedReader, is_skipped_where_a_fold_was_in_its_training_or_its_source_lacks_weights) {
  ReaderWorld world;
  const auto leaked = world.plan("'clusters'", std::string("fold = [1]\n") + clusters,
                                 {.set = {"encoder.clusters.pretrain.dataset=real"}});
  EXPECT_THAT(leaked.cells.at(0).reason,
              HasSubstr("encoder 'clusters' is pretrained on all folds of dataset 'real'"));
  const auto missing =
      world.plan("'clusters'", clusters, {.set = {"encoder.mel.options.weights=w.bin"}});
  EXPECT_EQ(missing.cells.at(0).decision, Decision::skipped);
  EXPECT_THAT(missing.cells.at(0).reason, HasSubstr("encoder 'mel': there is no file"));
  EXPECT_THAT(missing.pretrain, IsEmpty());
}

TEST(TrainedReader, of_a_source_that_cannot_give_what_it_reads_is_refused_where_from_is_written) {
  ReaderWorld world;
  EXPECT_THAT(
      world.refused("'sorter'",
                    "[encoder.sorter]\nuse = 'sorter'\nfrom = 'mel'\n"
                    "[encoder.sorter.pretrain]\nuse = 'train'\ndataset = 'made'\n"),
      HasSubstr("x.toml:21:8: encoder 'sorter' (sort/sorter) reads codes, but encoder 'mel' "
                "(mel/log_mel) has none"));
  world.queries.facts["log_mel"]["spec"]["frame_rate"] = 100;
  EXPECT_THAT(world.refused("'clusters'", clusters),
              HasSubstr("x.toml:21:8: encoder 'clusters': it reads at most 99 frames per second"));
}

TEST(TrainedReader, that_would_read_itself_is_refused_with_the_path) {
  ReaderWorld world;
  EXPECT_THAT(world.refused("'a'",
                            "[encoder.a]\nuse = 'clusters'\nfrom = 'b'\n[encoder.a.pretrain]\n"
                            "use = 'train'\ndataset = 'made'\n"
                            "[encoder.b]\nuse = 'clusters'\nfrom = 'a'\n"),
              HasSubstr("a -> b -> a"));
}

TEST(TrainedReader, of_a_reader_that_cannot_learn_is_refused_at_its_pretraining) {
  ReaderWorld world;
  EXPECT_THAT(world.refused("'units'",
                            "[encoder.units]\nuse = 'units'\nfrom = 'mel'\n"
                            "[encoder.units.pretrain]\nuse = 'train'\n"
                            "dataset = 'made'\n"),
              HasSubstr("x.toml:22:16: encoder 'units/units' cannot be trained"));
}

TEST(Reader, is_trained_by_a_task_from_the_stages_that_it_reads) {
  ReaderWorld world;
  const auto plan = world.plan("'mel'",
                               "[encoder.clusters]\nuse = 'clusters'\nfrom = 'mel'\n"
                               "[task.learn]\nuse = 'train'\ndataset = 'real'\n"
                               "[[matrix]]\nencoder = ['clusters', 'mel']\ntask = 'learn'\n");
  ASSERT_THAT(plan.cells, SizeIs(3));
  const auto& cell = plan.cells[1];
  EXPECT_EQ(cell.decision, Decision::run) << cell.reason;
  EXPECT_THAT(cell.features, IsEmpty());
  EXPECT_THAT(cell.sources, ElementsAre(plan.cells[0].features));
  EXPECT_EQ(cell.request().features.at(0).from.at(0).key, plan.cells[0].source->key);
  EXPECT_THAT(features_of(plan, cell), ElementsAre("mel on real"));
  EXPECT_THAT(plan.cells[2].reason, HasSubstr("is not a learner"));
}

}  // namespace
}  // namespace earshot::host
