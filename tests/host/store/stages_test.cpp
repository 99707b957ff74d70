#include <limits>

#include "fixture.hpp"
#include "host/store/content_hash.hpp"
#include "host/store/store.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;

class Stages : public ::testing::Test {
 protected:
  TemporaryFolder folder;
  std::filesystem::path file = folder / "results.db";
  Store store{file, Store::Mode::write};
};

TEST_F(Stages, a_training_can_be_watched_and_its_points_stay_when_it_fails) {
  const auto plan = small();
  record(store, plan);
  const auto run = *store.begin_run(plan.cells[0].key);
  const std::vector<CurveRow> points{{"loss", 0, 5.0},
                                     {"loss", 1, std::numeric_limits<double>::quiet_NaN()}};
  store.record_curves(run, points);
  const auto watched = [&] {
    return rows(store, "SELECT state, curve, step, value, nonfinite FROM training ORDER BY step");
  };
  EXPECT_THAT(
      watched(),
      ElementsAre(ElementsAre(Json("running"), Json("loss"), Json(0), Json(5.0), Json()),
                  ElementsAre(Json("running"), Json("loss"), Json(1), Json(), Json("nan"))));
  RunRecord failed;
  failed.state = "failed";
  failed.curves = {{"loss", 1, 4.0}, {"loss", 2, 3.0}};
  store.finish_run(run, failed);
  ASSERT_EQ(watched().size(), 3U);
  EXPECT_THAT(watched()[1], ElementsAre(Json("failed"), Json("loss"), Json(1), Json(4.0), Json()));
  store.record_curves(run, points);  // it is over
  EXPECT_EQ(watched().size(), 3U);
}

TEST_F(Stages, a_pretraining_can_be_watched_and_is_lost_with_its_runner) {
  const auto plan = small();
  record(store, plan);
  const std::vector<CurveRow> points{{"loss", 0, 5.0}};
  store.record_curves("p1", "pretrain", points);
  EXPECT_THAT(rows(store, "SELECT kind, cell, state, step FROM training"),
              ElementsAre(ElementsAre(Json("pretrain"), Json("p1"), Json("running"), Json(0))));
  StageRecord stage;
  stage.key = "p1";
  stage.kind = "pretrain";
  stage.state = "ok";
  stage.seconds = 3;
  store.record_stage(stage);
  EXPECT_THAT(rows(store, "SELECT state, attempts, seconds FROM stage"),
              ElementsAre(ElementsAre(Json("ok"), Json(1), Json(3.0))));
  EXPECT_EQ(count(store, "training"), 1);
}

TEST_F(Stages, a_stage_adds_up_over_its_attempts_and_is_linked_to_its_runs) {
  const auto plan = small();
  record(store, plan);
  StageRecord stage;
  stage.key = "f1";
  stage.kind = "features";
  stage.state = "killed";
  stage.error = "interrupted";
  stage.seconds = 1.5;
  stage.facts = {{"computed", 64}, {"audio_seconds", 70.0}, {"encode_seconds", 0.5}};
  store.record_stage(stage);
  stage.state = "ok";
  stage.error = "";
  stage.seconds = 2.0;
  stage.facts = {{"computed", 10}, {"audio_seconds", 30.0}, {"encode_seconds", 0.25}};
  store.record_stage(stage);
  EXPECT_EQ(connection_of(store).integer("SELECT json_extract(facts, '$.computed') FROM stage"),
            74);
  auto run = ok_run();
  run.stages = {"f1"};
  run_cell(store, plan.cells[0].key, run);
  run_cell(store, plan.cells[1].key, run);
  EXPECT_THAT(
      rows(store,
           "SELECT key, cells, attempts, seconds, audio_seconds, real_time_factor FROM cost "
           "WHERE kind = 'features'"),
      ElementsAre(ElementsAre(Json("f1"), Json(2), Json(2), Json(3.5), Json(100.0), Json(0.0075))));
  EXPECT_EQ(count(store, "cost WHERE kind = 'cell' AND seconds = 2"), 2);
}

TEST_F(Stages, cost_says_what_is_known_of_the_encoder_with_its_features_and_with_each_cell) {
  const auto plan = small({"htsat", "mimi"}, {"room"}, 1);
  record(store, plan);
  StageRecord stage;
  stage.key = "f1";
  stage.kind = "features";
  stage.state = "ok";
  stage.facts = {{"audio_seconds", 100.0},
                 {"encode_seconds", 4.0},
                 {"peak_bytes", 5000},
                 {"effective_rank", 7.5},
                 {"reads", "codes"},
                 {"facts",
                  {{"parameters", 79},
                   {"spec", {{"frame_rate", 12.5}}},
                   {"code_spec", {{"bits_per_second", 1100.0}}}}}};
  store.record_stage(stage);
  auto run = ok_run();
  run.stages = {"f1"};
  run.result.peak_bytes = 300;
  run_cell(store, plan.cells[0].key, run);
  run.stages.clear();  // of an encoder that reads no features
  run_cell(store, plan.cells[1].key, run);
  EXPECT_THAT(rows(store,
                   "SELECT kind, encoder, parameters, audio_per_second, peak_bytes, "
                   "frames_per_second, bits_per_second, effective_rank, reads FROM cost "
                   "ORDER BY kind DESC, encoder"),
              ElementsAre(ElementsAre(Json("features"), Json("htsat"), Json(79), Json(25.0),
                                      Json(5000), Json(12.5), Json(1100.0), Json(7.5), "codes"),
                          ElementsAre(Json("cell"), Json("htsat"), Json(79), Json(25.0), Json(300),
                                      Json(12.5), Json(1100.0), Json(7.5), "codes"),
                          ElementsAre(Json("cell"), Json("mimi"), Json(), Json(), Json(300), Json(),
                                      Json(), Json(), Json())));
}

}  // namespace
}  // namespace earshot::host
