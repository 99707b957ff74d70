#include "worker/stage/pretrain_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <earshot/error.hpp>

#include "stage_test.hpp"
#include "worker/stage/cell_stage.hpp"
#include "worker/stage/features_stage.hpp"
#include "worker/stage/trained_encoder.hpp"

namespace earshot::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class PretrainStage : public ::testing::Test {
 protected:
  protocol::PretrainRequest request(const std::string& name = "key",
                                    Json evaluator = Json::object()) {
    protocol::PretrainRequest request;
    request.encoder = component("linear_layer");
    request.evaluator = component("descent", evaluator);
    request.dataset.component = component("tones");
    request.dataset.key = "dataset-key";
    request.file = (folder_ / "cache/pretrained" / name / "encoder.state").string();
    return request;
  }

  Events run(const protocol::PretrainRequest& request) {
    return Events([&](Session& session) { result_ = pretrain_stage(request, session); });
  }

  template <class Exception>
  std::string complaint(const protocol::PretrainRequest& request) {
    try {
      run(request);
    } catch (const Exception& error) {
      return error.what();
    }
    return "";
  }

  /// Trains a layer on what `frames` gives for the clips.
  protocol::PretrainRequest reading(const std::string& name = "reader",
                                    Json evaluator = Json::object()) {
    auto reader = request(name, std::move(evaluator));
    reader.encoder = component("source_layer");
    reader.encoder.sources = {{.features = protocol::FeatureSpec{100, 0.005, 2}}};
    reader.cache = (folder_ / "cache").string();
    reader.from = frames().sources;
    reader.dataset.key = frames().dataset.key;
    return reader;
  }
  protocol::FeaturesRequest frames() const { return features_request(folder_ / "cache"); }
  static void compute(const protocol::FeaturesRequest& features) {
    Events([&](Session& session) { features_stage(features, session); });
  }

  /// A probe's accuracy on the features of an encoder with the state in `state`.
  double accuracy(const std::string& state) {
    return accuracy({.encoder = component("linear_layer"), .key = "features of " + state}, state);
  }
  double accuracy(protocol::FeatureSource source, const std::string& state) {
    auto features = frames();
    source.encoder.state = state;
    features.sources = {source};
    compute(features);
    protocol::CellRequest cell;
    cell.dataset = features.dataset;
    cell.features = features.sources;
    cell.evaluator = component("steps");
    cell.cache = features.cache;
    cell.artifact_folder = (folder_ / "artifacts").string();
    const Events events([&](Session& session) { cell_stage(cell, session); });
    for (const auto& message : events.of("metric"))
      if (const auto row = message.header.get<protocol::MetricRow>();
          row.slice == "all" && row.metric == "accuracy")
        return row.value.get<double>();
    return 0;
  }

  TemporaryFolder folder_;
  protocol::PretrainResult result_;
};

TEST_F(PretrainStage, makes_an_encoder_that_beats_its_untrained_self) {
  const auto events = run(request());
  EXPECT_FALSE(result_.reused);
  EXPECT_EQ(result_.bytes, std::filesystem::file_size(request().file));
  ASSERT_THAT(events.of("stage"), SizeIs(1));
  EXPECT_EQ(events.of("stage")[0].header.at("stage"), "pretrain");
  EXPECT_FALSE(events.of("progress").empty());
  const auto points = events.of("curve").at(0).header.at("points");
  ASSERT_THAT(points, SizeIs(40));
  EXPECT_LT(points[39][1].get<double>(), points[0][1].get<double>());
  EXPECT_LT(accuracy(""), 0.65);
  EXPECT_GT(accuracy(request().file), 0.75);
}

TEST_F(PretrainStage, trains_a_reader_from_the_files_of_its_source_which_then_reads_as_learnt) {
  compute(frames());
  const auto events = run(reading());
  const auto points = events.of("curve").at(0).header.at("points");
  ASSERT_THAT(points, SizeIs(40));
  EXPECT_LT(points[39][1].get<double>(), points[0][1].get<double>());
  protocol::FeatureSource reader{.encoder = reading().encoder, .key = "untrained"};
  reader.from = reading().from;
  EXPECT_LT(accuracy(reader, ""), 0.65);
  reader.key = "trained";
  EXPECT_GT(accuracy(reader, reading().file), 0.75);
}

TEST_F(PretrainStage, of_a_reader_opens_no_audio_and_leaves_out_what_its_source_has_lost) {
  const TemporaryFolder audio;
  write_tones(audio, 120);
  std::filesystem::remove(audio / "3.wav");
  auto features = frames();
  features.dataset.component = component("tones", {{"folder", audio.path()}});
  features.dataset.key = "files";
  features.dataset.allow_lost = 1;
  compute(features);
  auto reader = reading();
  reader.dataset = features.dataset;
  reader.dataset.allow_lost = 0;
  EXPECT_THAT(complaint<DataError>(reader), HasSubstr("1 of 120 clips cannot be read"));
  for (const auto& file : shards_in(audio.path()))
    std::filesystem::remove(file);
  reader.dataset.allow_lost = 1;
  EXPECT_EQ(complaint<Error>(reader), "");
}

TEST_F(PretrainStage, of_a_reader_gives_equal_bits_with_any_number_of_threads_and_after_a_stop) {
  compute(frames());
  auto one = reading("one"), four = reading("four");
  one.threads = 1;
  four.threads = 4;
  const auto events = run(one).canonical();
  EXPECT_EQ(run(four).canonical(), events);
  EXPECT_EQ(content(four.file), content(one.file));
  auto stopped = reading("stopped", {{"stop_at", 7}});
  EXPECT_THAT(complaint<DataError>(stopped), HasSubstr("died at a step"));
  stopped.evaluator = component("descent");
  EXPECT_EQ(run(stopped).canonical(), events);
  EXPECT_EQ(content(stopped.file), content(one.file));
}

TEST_F(PretrainStage, of_a_reader_needs_its_sources_in_the_cache_as_they_were_planned) {
  EXPECT_THAT(complaint<DataError>(reading()), HasSubstr("missing in the cache or damaged"));
  compute(frames());
  auto other = reading();
  other.encoder.sources[0].features->frame_rate = 50;
  EXPECT_THAT(complaint<ContractError>(other), HasSubstr("have another spec in the cache"));
  other = reading();
  other.from.clear();
  EXPECT_THAT(complaint<ConfigError>(other), HasSubstr("gets 0 sources; expected 1"));
  other = reading();
  other.encoder.sources = {{.codes = protocol::CodeSpec{.frame_rate = 100, .sizes = {8}}}};
  EXPECT_THAT(complaint<Unsupported>(other), HasSubstr("features instead of codes"));
  EXPECT_EQ(complaint<Error>(reading()), "");
}

TEST_F(PretrainStage, is_done_once) {
  run(request());
  const auto bytes = content(request().file);
  const auto again = run(request());
  EXPECT_TRUE(result_.reused);
  EXPECT_TRUE(again.of("stage").empty());
  EXPECT_EQ(content(request().file), bytes);
}

// Regression: results that found a training in the cache did not learn what it had left.
TEST_F(PretrainStage, that_is_done_says_again_what_it_has_left) {
  run(request());
  const auto left = std::filesystem::path(request().file).parent_path() / "artifacts";
  std::filesystem::create_directories(left / "folder");
  for (const auto* name : {"b.txt", "a.txt"})
    std::ofstream(left / name) << "x";
  const auto events = run(request()).of("artifact");
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].header.at("name"), "a.txt");
  EXPECT_EQ(events[1].header.at("path"), (left / "b.txt").string());
}

TEST_F(PretrainStage, gives_equal_bits_with_any_number_of_threads_and_others_with_another_seed) {
  auto one = request("one"), four = request("four"), seeded = request("seeded");
  one.threads = 1;
  four.threads = 4;
  seeded.seed = 1;
  const auto events = run(one).canonical();
  EXPECT_EQ(run(four).canonical(), events);
  EXPECT_EQ(content(four.file), content(one.file));
  run(seeded);
  EXPECT_NE(content(seeded.file), content(one.file));
}

TEST_F(PretrainStage, resumes_bit_for_bit_what_an_undisturbed_training_gives) {
  const auto undisturbed = run(request("undisturbed")).canonical();
  const auto log = folder_ / "log";
  auto disturbed = request("disturbed", {{"stop_at", 7}, {"log", log}});
  EXPECT_THAT(complaint<DataError>(disturbed), HasSubstr("died at a step"));
  EXPECT_FALSE(std::filesystem::exists(disturbed.file));
  disturbed.evaluator = component("descent", {{"log", log}});
  EXPECT_EQ(run(disturbed).canonical(), undisturbed);
  EXPECT_EQ(content(disturbed.file), content(request("undisturbed").file));
  const auto steps = content(log);
  EXPECT_EQ(std::count(steps.begin(), steps.end(), '\n'), 40) << "no step twice";
  EXPECT_THAT(shards_in(std::filesystem::path(disturbed.file).parent_path()), SizeIs(1));
}

TEST_F(PretrainStage, makes_a_damaged_state_again) {
  run(request());
  const auto bytes = content(request().file);
  std::filesystem::resize_file(request().file, bytes.size() - 3);
  protocol::CacheVerifyResult verified;
  verify_pretrained(folder_ / "cache", verified);
  EXPECT_THAT(verified.bad, ElementsAre(request().file));
  EXPECT_EQ(verified.states, 1);
  run(request());
  EXPECT_FALSE(result_.reused);
  EXPECT_EQ(content(request().file), bytes);
}

TEST_F(PretrainStage, refuses_a_fit_that_trains_nothing) {
  EXPECT_THAT(complaint<ContractError>(request("key", {{"prepares", false}})),
              HasSubstr("has not prepared a learner"));
  EXPECT_FALSE(std::filesystem::exists(request().file));
}

TEST_F(PretrainStage, passes_on_why_an_encoder_cannot_be_trained_so) {
  auto other = request();
  other.encoder = component("linear_layer", {{"dim", 3}});
  EXPECT_THAT(complaint<Unsupported>(other), HasSubstr("2 classes; this encoder has 3"));
}

TEST_F(PretrainStage, leaves_a_file_without_which_its_encoder_is_refused_by_name) {
  auto ref = component("linear_layer");
  ref.state = request().file;
  const auto refused = [&] {
    try {
      make_encoder(ref, c10::kCPU, 0);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refused(), HasSubstr(request().file));
  run(request());
  EXPECT_EQ(refused(), "");
  std::filesystem::resize_file(request().file, 100);
  EXPECT_THAT(refused(), AllOf(HasSubstr(request().file), HasSubstr("truncated")));
}

}  // namespace
}  // namespace earshot::worker
