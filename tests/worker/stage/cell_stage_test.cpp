#include "worker/stage/cell_stage.hpp"

#include <cfenv>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <earshot/error.hpp>

#include "stage_test.hpp"
#include "statistics/influence.hpp"
#include "worker/stage/cell_components.hpp"
#include "worker/stage/features_stage.hpp"

namespace earshot::worker {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class CellStage : public ::testing::Test {
 protected:
  protocol::CellRequest request(Json evaluator = Json::object(), Json dataset = Json::object()) {
    const auto features = features_request(folder_ / "cache", dataset);
    if (!computed_.contains(features.dataset.key))
      Events([&](Session& session) { features_stage(features, session); });
    computed_.insert(features.dataset.key);
    protocol::CellRequest cell;
    cell.dataset = features.dataset;
    cell.features = features.sources;
    cell.evaluator = component("steps", evaluator);
    cell.seed = 3;
    cell.fit_key = "fit" + std::to_string(++fits_);
    cell.state_folder = (folder_ / "states").string();
    cell.artifact_folder = (folder_ / "artifacts").string();
    cell.cache = features.cache;
    return cell;
  }

  Events run(const protocol::CellRequest& cell) {
    return Events([&](Session& session) { result_ = cell_stage(cell, session); });
  }

  template <class Exception>
  std::string complaint(const protocol::CellRequest& cell) {
    try {
      run(cell);
    } catch (const Exception& error) {
      return error.what();
    }
    return "";
  }

  static protocol::MetricRow metric(const Events& events, const std::string& slice,
                                    const std::string& name) {
    for (const auto& message : events.of("metric"))
      if (const auto row = message.header.get<protocol::MetricRow>();
          row.slice == slice && row.metric == name)
        return row;
    return {};
  }

  TemporaryFolder folder_;
  protocol::CellResult result_;
  std::set<std::string> computed_;
  int fits_ = 0;
};

TEST_F(CellStage, gives_no_audio_of_an_encoder_that_reads_others) {
  auto cell = request({{"defect", "audio"}});
  cell.features[0].encoder = component("units");
  cell.features[0].encoder.sources = {{.features = protocol::FeatureSpec{100, 0.005, 2}}};
  EXPECT_THAT(complaint<Unsupported>(cell),
              HasSubstr("encoder 'units' reads other encoders in place of audio"));
}

TEST_F(CellStage, predicts_every_test_item_and_reports_its_slices) {
  const auto events = run(request());
  EXPECT_TRUE(result_.complete);
  EXPECT_EQ(result_.declared, 80);
  EXPECT_EQ(result_.used, 80);
  EXPECT_GT(result_.peak_bytes, 10 << 20);

  const auto predictions = events.of("predictions");
  ASSERT_THAT(predictions, SizeIs(1));
  const auto& rows = predictions[0].header.at("rows");
  ASSERT_THAT(rows, SizeIs(80));
  EXPECT_EQ(rows[0][0], 6);  // the first test item of the dataset
  double right = 0;
  for (const auto& row : rows)
    right += row[3].at("accuracy").get<double>();

  const auto accuracy = metric(events, "all", "accuracy");
  EXPECT_EQ(accuracy.kind, "mean");
  EXPECT_EQ(accuracy.n, 80);
  EXPECT_DOUBLE_EQ(accuracy.value.get<double>(), right / 80);
  EXPECT_GT(accuracy.value.get<double>(), 0.7);
  EXPECT_LT(accuracy.ci_low.get<double>(), accuracy.value.get<double>());
  EXPECT_EQ(metric(events, "even", "accuracy").n, 40);
  EXPECT_EQ(metric(events, "even", "accuracy").slice_dimension, "parity");
  const auto early = metric(events, "yes", "accuracy");
  EXPECT_EQ(early.n, 4);
  EXPECT_THAT(early.no_interval, HasSubstr("2 groups; at least 10 are needed"));
  EXPECT_TRUE(early.ci_low.is_null());

  std::vector<std::string> stages;
  for (const auto& stage : events.of("stage"))
    stages.push_back(stage.header.at("stage"));
  EXPECT_THAT(stages, ::testing::ElementsAre("fit", "predict", "score"));
  ASSERT_THAT(events.of("curve"), SizeIs(1));
  EXPECT_THAT(events.of("curve")[0].header.at("points"), SizeIs(20));
  ASSERT_THAT(events.of("artifact"), SizeIs(1));
  EXPECT_TRUE(
      std::filesystem::exists(events.of("artifact")[0].header.at("path").get<std::string>()));
  EXPECT_EQ(metric(events, "all", "loss").kind, "report");
  EXPECT_EQ(metric(events, "all", "loss").n, 20);
}

TEST_F(CellStage, sends_what_each_item_contributes_to_what_is_no_mean) {
  const auto events = run(request());
  int rows = 0;
  for (const auto& message : events.of("metric")) {
    const auto row = message.header.get<protocol::MetricRow>();
    EXPECT_EQ(message.binary.empty(), row.kind != "score");
    if (message.binary.empty()) continue;
    ++rows;
    const auto influences = statistics::unpacked(message.binary);
    ASSERT_TRUE(influences.has_value());
    EXPECT_THAT(influences->block_of, SizeIs(row.n));
    EXPECT_LE(row.ci_low.get<double>(), row.value.get<double>());
    EXPECT_GE(row.ci_high.get<double>(), row.value.get<double>());
  }
  EXPECT_EQ(rows, 3);  // all, even, odd
}

TEST_F(CellStage, gives_the_same_intervals_under_another_build_of_the_dataset_s_plugin) {
  const auto metrics = [](const Events& events) {
    std::vector<std::string> rows;
    for (const auto& message : events.of("metric"))
      rows.push_back(message.header.dump() + message.binary);
    return rows;
  };
  const auto cell = request();
  auto features = features_request(folder_ / "cache", Json::object());
  features.dataset.key = "of another build";
  Events([&](Session& session) { features_stage(features, session); });
  auto rebuilt = cell;
  rebuilt.dataset = features.dataset;
  rebuilt.features = features.sources;
  rebuilt.fit_key = "another";
  EXPECT_EQ(metrics(run(rebuilt)), metrics(run(cell)));
}

TEST_F(CellStage, gives_equal_bits_when_run_again) {
  auto cell = request();
  const auto once = run(cell).canonical();
  cell.fit_key = "another";
  EXPECT_EQ(run(cell).canonical(), once);
  cell.fit_key = "third";
  cell.seed = 4;
  EXPECT_NE(run(cell).canonical(), once);
}

TEST_F(CellStage, reuses_a_fit_with_all_that_it_recorded) {
  auto cell = request({{"log", folder_ / "log"}});
  const auto first = run(cell);
  const auto steps = content(folder_ / "log");
  EXPECT_EQ(first.of("stage")[0].header.at("reused"), false);
  const auto second = run(cell);
  EXPECT_EQ(second.of("stage")[0].header.at("reused"), true);
  EXPECT_EQ(content(folder_ / "log"), steps);
  EXPECT_EQ(second.canonical(), first.canonical());

  cell.predict = "validation";
  const auto validation = run(cell);
  EXPECT_EQ(content(folder_ / "log"), steps);
  EXPECT_EQ(result_.declared, 40);
  EXPECT_EQ(validation.of("predictions")[0].header.at("rows")[0][0], 8);

  // A damaged state is not used.
  const auto file = folder_ / "states" / cell.fit_key / "fit.state";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 3);
  cell.predict = "test";
  EXPECT_EQ(run(cell).canonical(), first.canonical());
  EXPECT_NE(content(folder_ / "log"), steps);
}

TEST_F(CellStage, resumes_bit_for_bit_what_an_undisturbed_run_gives) {
  const auto undisturbed = run(request()).canonical();
  for (const int step : {1, 7, 19}) {
    const auto log = folder_ / ("log" + std::to_string(step));
    auto cell = request({{"stop_at", step}, {"log", log}});
    EXPECT_THAT(complaint<DataError>(cell), HasSubstr("died at a step"));
    cell.evaluator = component("steps", {{"log", log}});
    EXPECT_EQ(run(cell).canonical(), undisturbed);
    const auto steps = content(log);
    EXPECT_EQ(std::count(steps.begin(), steps.end(), '\n'), 20) << "no step twice";
    EXPECT_FALSE(std::filesystem::exists(folder_ / "states" / cell.fit_key / "fit.partial"));
  }
}

/// When asked to stop, it ends after the current step; in a separate process, since the request
/// cannot be undone.
TEST_F(CellStage, stops_when_asked_with_its_state_saved) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        auto cell = request({{"log", folder_ / "log"}});
        Session::ask_to_stop(SIGTERM);
        const auto events = run(cell);
        const bool saved =
            std::filesystem::exists(folder_ / "states" / cell.fit_key / "fit.partial");
        const bool one_step = content(folder_ / "log") == "0\n";
        const bool nothing_sent = events.of("metric").empty() && events.of("stage").empty();
        std::_Exit(!result_.complete && saved && one_step && nothing_sent ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(CellStage, drops_items_of_lost_clips_from_every_split) {
  const TemporaryFolder audio;
  write_tones(audio, 60);
  std::filesystem::remove(audio / "3.wav");  // of items 6 and 7, which are test items
  std::filesystem::remove(audio / "0.wav");  // of training items
  const Json dataset{{"folder", audio.path()}, {"items", 120}};
  auto features = features_request(folder_ / "cache", dataset);
  features.dataset.allow_lost = 2;
  Events([&](Session& session) { features_stage(features, session); });
  computed_.insert(features.dataset.key);
  auto cell = request(Json::object(), dataset);
  EXPECT_THAT(complaint<DataError>(cell), HasSubstr("2 of 60 clips cannot be read; allowed: 0"));
  cell.dataset.allow_lost = 2;
  const auto events = run(cell);
  EXPECT_EQ(result_.declared, 40);
  EXPECT_EQ(result_.used, 38);
  EXPECT_THAT(result_.lost, SizeIs(2));
  EXPECT_EQ(events.of("predictions")[0].header.at("rows")[0][0], 10);

  // The same clips are lost to an evaluator that reads the audio itself.
  auto listening = cell;
  listening.evaluator = component("steps", {{"defect", "audio"}});
  listening.fit_key = "audio";
  run(listening);
  EXPECT_EQ(result_.used, 38);
  EXPECT_THAT(result_.lost, SizeIs(2));
}

TEST_F(CellStage, holds_an_evaluator_to_its_promises) {
  EXPECT_THAT(complaint<ContractError>(request({{"defect", "incomplete"}})),
              HasSubstr("left 1 of 80 items without a prediction; the first is item 79"));
  EXPECT_THAT(complaint<ContractError>(request({{"defect", "twice"}})),
              HasSubstr("item 79: it was already predicted"));
  EXPECT_THAT(complaint<ContractError>(request({{"defect", "undeclared"}})),
              HasSubstr("gives 'speed', which is not in metrics()"));
}

TEST_F(CellStage, tags_a_reported_number_that_is_not_finite) {
  const auto row = metric(run(request({{"defect", "nan_report"}})), "all", "loss");
  EXPECT_TRUE(row.value.is_null());
  EXPECT_EQ(row.nonfinite, "nan");
}

TEST_F(CellStage, fits_again_when_a_state_cannot_be_loaded_whatever_is_thrown) {
  auto cell = request({{"defect", "unloadable"}});
  const auto first = run(cell).canonical();
  EXPECT_TRUE(std::filesystem::exists(folder_ / "states" / cell.fit_key / "fit.state"));
  const auto again = run(cell);
  EXPECT_EQ(again.canonical(), first);
  EXPECT_EQ(again.of("stage").at(0).header.at("reused"), false);
}

// Regression: the checksum of a fit state left out its header.
TEST_F(CellStage, fits_again_when_any_bit_of_the_header_of_a_state_is_flipped) {
  const auto cell = request();
  const auto first = run(cell).canonical();
  const auto file = folder_ / "states" / cell.fit_key / "fit.state";
  const auto whole = content(file);
  for (std::size_t at = 0; at < whole.size(); at += 61) {
    auto flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
    std::ofstream(file, std::ios::binary) << flipped;
    ASSERT_EQ(run(cell).canonical(), first) << at;
  }
}

TEST_F(CellStage, sends_long_predictions_in_frames_that_are_allowed) {
  const auto events = run(request({{"defect", "long"}}));
  EXPECT_GT(events.of("predictions").size(), 10u);
  std::size_t rows = 0;
  for (const auto& message : events.of("predictions"))
    rows += message.header.at("rows").size();
  EXPECT_EQ(rows, 80u);
  EXPECT_THAT(complaint<ContractError>(request({{"defect", "very_long"}})),
              HasSubstr("the prediction of item 'item"));
}

TEST_F(CellStage, names_the_evaluator_that_changes_how_numbers_are_rounded) {
  EXPECT_THAT(complaint<ContractError>(request({{"defect", "rounds"}})),
              HasSubstr("evaluator 'steps' of stage_fixture.so changed the floating-point "
                        "environment (rounding mode)"));
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

TEST_F(CellStage, leaves_no_empty_folder_for_artifacts) {
  run(request({{"defect", "writes_nothing"}}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "artifacts"));
  run(request());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "artifacts/weights.txt"));
}

TEST_F(CellStage, says_so_when_features_are_missing) {
  auto cell = request();
  cell.features[0].key = "never computed";
  EXPECT_THAT(complaint<DataError>(cell), HasSubstr("missing in the cache or damaged; run again"));
}

TEST(CellSeed, depends_on_all_that_it_is_made_of) {
  std::set<std::uint64_t> seeds;
  for (const int seed : {0, 1, 2})
    for (const char* stream : {"fit", "step", "step1"})
      for (const int index : {0, 1, 11})
        seeds.insert(cell_seed(seed, stream, index));
  EXPECT_EQ(seeds.size(), 27u);
  EXPECT_EQ(cell_seed(5, "step", 2), cell_seed(5, "step", 2));
}

}  // namespace
}  // namespace earshot::worker
