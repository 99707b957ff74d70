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

  /// A probe's accuracy on the features of an encoder with the state in `state`.
  double accuracy(const std::string& state) {
    auto features = features_request(folder_ / "cache");
    features.sources = {{.encoder = component("linear_layer"), .key = "features of " + state}};
    features.sources[0].encoder.state = state;
    Events([&](Session& session) { features_stage(features, session); });
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

TEST_F(PretrainStage, is_done_once) {
  run(request());
  const auto bytes = content(request().file);
  const auto again = run(request());
  EXPECT_TRUE(result_.reused);
  EXPECT_TRUE(again.of("stage").empty());
  EXPECT_EQ(content(request().file), bytes);
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
