#include "scheduling.hpp"

namespace earshot::host {
namespace {

using ::testing::HasSubstr;

// Stages that several cells need: features, also of readers, and trainings.

TEST_F(Scheduling, fails_only_the_cells_of_the_encoder_that_crashed) {
  small.add("log_mel", "room");
  small.add("crash", "room");
  small.add("crash", "noise");
  const auto summary = run();
  EXPECT_EQ(summary.ok, 1);
  EXPECT_EQ(summary.failed, 2);
  EXPECT_THAT(runs(), ::testing::UnorderedElementsAre("ok", "failed signal", "failed signal"));
  EXPECT_THAT(text("SELECT error FROM run WHERE state = 'failed'"),
              HasSubstr("features of scenes: crash: the worker was killed by signal 11"));
  EXPECT_EQ(text("SELECT attempts FROM stage WHERE state = 'failed'"), "6")
      << "three in the pass that it shared, three alone";
}

TEST_F(Scheduling, computes_what_a_reader_reads_before_it) {
  small.add("mel", "room");
  small.add_reader("units", {"mel"}, "room");
  small.add_reader("words", {"units"}, "room");
  small.plan.cells.erase(small.plan.cells.begin(), small.plan.cells.begin() + 2);
  EXPECT_EQ(run().ok, 1);
  EXPECT_THAT(text_of(folder / "events"),
              ::testing::StartsWith("begin mel\nend mel\nbegin units\nend units\nbegin words\n"));
  EXPECT_EQ(text("SELECT count(*) FROM stage WHERE kind = 'features' AND state = 'ok'"), "3");
  EXPECT_EQ(text("SELECT count(*) FROM run_stage"), "3");
  EXPECT_EQ(text("SELECT group_concat(reads, '; ') FROM (SELECT reads FROM cost WHERE kind = "
                 "'features' ORDER BY reads)"),
            "features; features, from mel; features, from units");
}

TEST_F(Scheduling, fails_the_cells_of_all_readers_of_what_failed_and_no_others) {
  small.add("log_mel", "room");
  small.add("config", "room");
  small.add_reader("units", {"config"}, "room");
  small.add_reader("words", {"units", "log_mel"}, "room");
  small.add_reader("others", {"log_mel"}, "room");
  const auto summary = run();
  EXPECT_EQ(summary.ok, 2);
  EXPECT_EQ(summary.failed, 3);
  EXPECT_EQ(summary.unfinished, 0);
  EXPECT_EQ(text("SELECT count(*) FROM run WHERE error = "
                 "'features of scenes: config: alpha is ''-1''; allowed is 0 or more'"),
            "3");
}

TEST_F(Scheduling, fails_the_cells_of_a_dataset_whose_items_cannot_be_listed) {
  small.add("", "room", 0, "config");
  small.add("", "room", 0, "scenes");
  const auto summary = run();
  EXPECT_EQ(summary.ok, 1);
  EXPECT_THAT(runs(), ::testing::UnorderedElementsAre("ok", "failed config"));
}

TEST_F(Scheduling, trains_an_encoder_once_and_before_its_features) {
  small.add_pretrained("net", "room");
  small.add_pretrained("net", "noise");
  EXPECT_EQ(run().ok, 2);
  const auto events = text_of(folder / "events");
  EXPECT_THAT(events, ::testing::StartsWith("begin training net\nend training net\nbegin net\n"));
  EXPECT_EQ(events.find("training", 40), std::string::npos);
  EXPECT_EQ(text("SELECT bytes || facts FROM stage WHERE kind = 'pretrain' AND state = 'ok'"),
            R"(123{"label":"net","trained":"encoder"})");
  EXPECT_EQ(text("SELECT group_concat(step || ' ' || value, ', ') FROM training "
                 "WHERE kind = 'pretrain' AND curve = 'loss'"),
            "0 2.0, 1 1.0");
  EXPECT_EQ(text("SELECT cells FROM cost WHERE kind = 'pretrain'"), "2");
}

TEST_F(Scheduling, records_what_a_training_left_with_its_hash) {
  small.add_pretrained("samples", "room");
  const auto file = (folder / "encoder.state").string(), left = file + ".sample_0_after.flac";
  small.plan.pretrain.begin()->second.request.file = file;
  std::ofstream(left) << "sound";
  EXPECT_EQ(run().ok, 1);
  const auto artifacts = Json::parse(
      text("SELECT json_extract(facts, '$.artifacts') FROM stage WHERE kind = 'pretrain'"));
  EXPECT_EQ(artifacts, Json::array({{{"name", "sample_0_after.flac"},
                                     {"path", "encoder.state.sample_0_after.flac"},
                                     {"sha256", protocol::sha256(std::string_view("sound"))},
                                     {"bytes", 5}}}));
}

TEST_F(Scheduling, fails_only_the_cells_of_an_encoder_whose_training_failed) {
  small.add_pretrained("config", "room");
  small.add_pretrained("config", "noise");
  small.add("log_mel", "room");
  const auto summary = run();
  EXPECT_EQ(summary.ok, 1);
  EXPECT_EQ(summary.failed, 2);
  EXPECT_EQ(text("SELECT error FROM run WHERE state = 'failed'"),
            "pretraining of config on scenes: alpha is '-1'; allowed is 0 or more");
  EXPECT_EQ(text("SELECT state FROM stage WHERE kind = 'pretrain'"), "failed");
  EXPECT_EQ(text("SELECT count(*) FROM stage WHERE kind = 'features'"), "1");
}

TEST_F(Scheduling, trains_a_reader_once_what_it_learns_from_is_there) {
  small.add("mel", "room");
  small.add_trained_reader("units", {"mel"}, "room");
  small.add_trained_reader("words", {"units"}, "room", {"units"});
  small.plan.cells.erase(small.plan.cells.begin(), small.plan.cells.begin() + 2);
  EXPECT_EQ(run().ok, 1);
  EXPECT_THAT(text_of(folder / "events"),
              ::testing::StartsWith(
                  "begin mel\nend mel\nbegin training units\nend training units\nbegin units\nend "
                  "units\nbegin training words\nend training words\nbegin words\n"));
  EXPECT_EQ(text("SELECT group_concat(cells || kind, ' ') FROM (SELECT cells, kind FROM cost WHERE "
                 "kind IN ('features', 'pretrain') ORDER BY kind)"),
            "1features 1features 1features 1pretrain 1pretrain");
}

TEST_F(Scheduling, fails_the_cells_of_a_reader_that_cannot_learn_from_what_failed_and_no_others) {
  small.add("config", "room");
  small.add("log_mel", "room");
  small.add_trained_reader("units", {"config"}, "room");
  small.add_reader("words", {"units"}, "room").pretrain = {"pretrain-units"};
  small.plan.cells.erase(small.plan.cells.begin());
  const auto summary = run();
  EXPECT_EQ(summary.ok, 1);
  EXPECT_EQ(summary.failed, 2);
  EXPECT_EQ(summary.unfinished, 0);
  EXPECT_EQ(text("SELECT count(*) FROM run WHERE error = "
                 "'features of scenes: config: alpha is ''-1''; allowed is 0 or more'"),
            "2");
  EXPECT_EQ(text("SELECT count(*) FROM stage WHERE kind = 'pretrain'"), "0");
}

TEST_F(Scheduling, runs_wide_stages_alone) {
  small.add("slow", "room");
  small.add("slow", "slow", 0, "other");
  small.add("slow", "noise");
  EXPECT_EQ(run().ok, 3);
  const auto all = events();
  // Both passes have the name "slow", and so has a cell, which runs when its pass has ended.
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    if (all[i] == "begin slow") {
      EXPECT_EQ(all[i + 1], "end slow");
    }
}

}  // namespace
}  // namespace earshot::host
