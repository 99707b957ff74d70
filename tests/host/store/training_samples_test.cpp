#include "host/store/training_samples.hpp"

#include "fixture.hpp"
#include "host/store/experiment_design.hpp"
#include "host/store/predictions.hpp"
#include "host/store/revisions.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Samples : public ::testing::Test {
 protected:
  Samples() { revision = record(store, plan); }

  /// An artifact next to the results file, with this content.
  ArtifactRow artifact(const std::string& name, const std::string& content) const {
    return {name, (folder / name).string(), key_of(content), std::ssize(content)};
  }

  void finish(std::size_t cell, std::vector<ArtifactRow> artifacts,
              std::vector<CurveRow> curves = {}, std::vector<std::string> stages = {}) {
    auto run = ok_run();
    run.artifacts = std::move(artifacts);
    run.curves = std::move(curves);
    run.stages = std::move(stages);
    run_cell(store, plan.cells[cell].key, run);
  }

  TemporaryFolder folder;
  Store store{folder / "results.db", Store::Mode::write};
  Small plan = small();
  std::int64_t revision = 0;
};

TEST_F(Samples, are_artifacts_that_are_called_so_with_the_step_that_their_curve_says) {
  finish(3,
         {artifact("sample_0.png", "p"), artifact("sample_0_after.flac", "a"),
          artifact("sample_0_before.wav", "b"), artifact("other_after.flac", "o")},
         {{"samples", 100, 1}, {"samples", 250, 1}, {"loss", 300, 1}});
  const auto found = training_samples(store, revision);
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].name, "other");
  EXPECT_EQ(found[0].before.sha256, "");
  const auto& sample = found[1];
  EXPECT_EQ(sample.position, 3);
  EXPECT_EQ(sample.name, "sample_0");
  EXPECT_EQ(sample.step, 250);
  EXPECT_EQ(sample.before.sha256, key_of("b"));
  EXPECT_EQ(sample.before.type, "audio/wav");
  EXPECT_EQ(sample.after.type, "audio/flac");
  EXPECT_EQ(sample.picture.type, "image/png");
  EXPECT_EQ(sample.picture.path, "sample_0.png");
}

TEST_F(Samples, are_no_other_files) {
  finish(0, {artifact("chart.png", "c"),
             artifact("_after.flac", "a"),
             artifact("notes.txt", "n"),
             artifact("sample_0_after.mp3", "m"),
             {"gone_after.flac", "gone", "", 0}});
  EXPECT_THAT(training_samples(store, revision), IsEmpty());
  EXPECT_FALSE(sample_file(store, key_of("n")).has_value());
  EXPECT_TRUE(sample_file(store, key_of("c")).has_value());
}

TEST_F(Samples, of_pretraining_come_first_and_belong_to_their_own_training) {
  for (const auto* key : {"one", "two"}) {
    StageRecord stage{.key = key, .kind = "pretrain", .state = "ok"};
    stage.facts = {{"label", "codec"},
                   {"artifacts",
                    {{{"name", "sample_0_after.flac"},
                      {"path", std::string(key) + "/sample_0_after.flac"},
                      {"sha256", key_of(key)},
                      {"bytes", 3}}}}};
    store.record_curves(key, "pretrain", std::vector<CurveRow>{{"samples", 50, 1}});
    store.record_stage(stage);
  }
  finish(0, {artifact("sample_0_after.flac", "of the cell")}, {}, {"one", "two"});
  const auto found = training_samples(store, revision);
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[0].trained, "codec");
  EXPECT_EQ(found[0].step, 50);
  EXPECT_EQ(found[0].after.sha256, key_of("one"));
  EXPECT_EQ(found[1].after.sha256, key_of("two"));
  EXPECT_EQ(found[2].position, 0);
  EXPECT_FALSE(found[2].step.has_value());
  EXPECT_THAT((std::vector{found[0].training, found[1].training, found[2].training}),
              ElementsAre(0, 1, 2));
  EXPECT_EQ(sample_file(store, key_of("two"))->path, "two/sample_0_after.flac");
}

TEST_F(Samples, and_items_are_known_by_what_they_are_asked_for) {
  store.add_items(plan.datasets[0].key,
                  {{"clip0", Json::object(), Json::object(), Json::object()}});
  EXPECT_EQ(item_id(store, plan.datasets[0].key, 0), "clip0");
  EXPECT_EQ(item_id(store, plan.datasets[0].key, 1), std::nullopt);
  EXPECT_EQ(item_id(store, key_of("other"), 0), std::nullopt);
  EXPECT_THAT(experiments_on(store, plan.datasets[0].key), ElementsAre("ablation"));
  EXPECT_THAT(experiments_on(store, key_of("other")), IsEmpty());
  const auto cells = design_cells(store, revision);
  EXPECT_EQ(dataset_key(store, cells.at(0).dataset_id), plan.datasets[0].key);
  EXPECT_EQ(dataset_key(store, 999), "");
}

}  // namespace
}  // namespace earshot::host
