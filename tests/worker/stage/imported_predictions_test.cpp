#include "worker/stage/imported_predictions.hpp"

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <earshot/error.hpp>

#include "files.hpp"
#include "stage_test.hpp"
#include "worker/stage/cell_stage.hpp"

namespace earshot::worker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Answers to the label 'pitch' of the tones, of which items 6, 7, 10 and 11 of twelve are test
/// items.
class ImportedPredictions : public ::testing::Test {
 protected:
  std::vector<ImportedPrediction> read(const std::string& name, const std::string& text,
                                       const std::string& target = "pitch") {
    testing::write(folder_ / name, text);
    protocol::ComponentRef evaluator;
    if (!target.empty()) evaluator.options["predicts"] = target;
    if (!target.empty()) evaluator.roles["target_label"] = "predicts";
    return read_predictions(folder_ / name, view_, evaluator);
  }
  std::string complaint(const std::string& name, const std::string& text) {
    try {
      read(name, text);
    } catch (const DataError& error) {
      return error.what();
    }
    return "(not refused)";
  }

  TemporaryFolder folder_;
  DatasetView view_{{.component = component("tones")}};
};

TEST_F(ImportedPredictions, are_read_from_a_table) {
  const auto rows = read("x.csv",
                         "seed,id,extra,prediction,output\n"
                         "1,item6,,high,\"it is, high\"\n2,item6,,,\n1,item7,,low,\n");
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0].item, "item6");
  EXPECT_EQ(rows[0].seed, 1);
  EXPECT_EQ(rows[0].value, Label(std::string("high")));
  EXPECT_EQ(rows[0].output, "it is, high");
  EXPECT_FALSE(rows[1].value.has_value()) << "none was settled on";
  EXPECT_EQ(rows[2].line, 4);
}

TEST_F(ImportedPredictions, are_read_from_json_lines) {
  const auto rows = read("x.jsonl", R"({"id": "item6", "prediction": "low", "seed": 3}

{"id": "item7", "prediction": null, "output": "I cannot say", "truth": [1]}
)");
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].seed, 3);
  EXPECT_FALSE(rows[1].value.has_value());
  EXPECT_EQ(rows[1].output, "I cannot say");
  EXPECT_EQ(rows[1].line, 3);
}

TEST_F(ImportedPredictions, that_fit_nothing_are_refused_with_their_line) {
  const std::string head = "id,prediction,seed\n";
  EXPECT_THAT(complaint("x.csv", head + "item6,high,0\nnobody,low,0\n"),
              HasSubstr("x.csv:3: the dataset has no item 'nobody'"));
  EXPECT_THAT(complaint("x.csv", head + "item6,high,0\nitem6,low,0\n"),
              HasSubstr("x.csv:3: a second prediction for item 'item6' for seed 0"));
  EXPECT_THAT(complaint("x.csv", head + "item6,hihg,0\n"),
              AllOf(HasSubstr("x.csv:2: prediction 'hihg' is not one of the 2 classes"),
                    HasSubstr("did you mean 'high'?")));
  EXPECT_THAT(complaint("x.csv", head + "item6,high,first\n"), HasSubstr("'first'"));
  EXPECT_THAT(complaint("x.csv", "id,answer\nitem6,high\n"), HasSubstr("prediction"));
  EXPECT_THAT(complaint("x.csv", head), HasSubstr("has no predictions"));
  EXPECT_THAT(complaint("x.jsonl", "{\"id\": \"item6\"}\n"), HasSubstr("x.jsonl:1: not a JSON"));
  EXPECT_THAT(complaint("x.jsonl", "[1]\n"), HasSubstr("x.jsonl:1: not a JSON"));
  EXPECT_THAT(complaint("x.jsonl", R"({"id": "item6", "prediction": ["high"]})"),
              HasSubstr("not one of the 2 classes"));
  EXPECT_THAT(complaint("x.jsonl", R"({"id": "item6", "prediction": "high", "seed": -1})"),
              HasSubstr("'seed' is -1"));
}

TEST_F(ImportedPredictions, of_vectors_are_refused) {
  EXPECT_THAT([&] { read("x.jsonl", R"({"id": "item6", "prediction": [1, 2]})", "place"); },
              ::testing::ThrowsMessage<ConfigError>(
                  HasSubstr("label 'place' is a vector, and predictions of vectors cannot be")));
}

TEST_F(ImportedPredictions, without_a_target_are_texts) {
  const auto rows = read("x.csv", "id,prediction\nitem6,a dog that barks\n", "");
  EXPECT_EQ(rows[0].value, Label(std::string("a dog that barks")));
}

TEST_F(ImportedPredictions, are_scored_in_place_of_the_evaluator_s_own) {
  std::string text = "id,prediction,seed\n";
  for (const auto& [id, index] : test_items(view_))
    for (const auto* seed : {"3", "4"})
      if (id != "item6") text += id + "," + (*seed == '3' ? "high" : "low") + "," + seed + "\n";
  testing::write(folder_ / "x.csv", text);
  protocol::CellRequest request;
  request.dataset.component = component("tones");
  request.dataset.key = "tones";
  request.evaluator = component("steps");
  request.artifact_folder = (folder_ / "artifacts").string();
  request.predictions = (folder_ / "x.csv").string();
  double sum = 0;
  for (const int seed : {3, 4}) {
    request.seed = seed;
    protocol::CellResult result;
    const Events events([&](Session& session) { result = cell_stage(request, session); });
    EXPECT_EQ(result.declared, 80);
    EXPECT_EQ(result.used, 79);
    const auto sent = events.of("predictions");
    const auto& rows = sent.at(0).header.at("rows");
    EXPECT_THAT(rows, SizeIs(79));
    EXPECT_EQ(rows[0], Json({7, seed == 3 ? "high" : "low", "", rows[0][3], 0, nullptr}));
    for (const auto& metric : events.of("metric"))
      if (metric.header.at("slice") == "all" && metric.header.at("metric") == "accuracy")
        sum += metric.header.at("value").get<double>();
    EXPECT_TRUE(events.of("curve").empty() && events.of("artifact").empty())
        << "of what it learnt from noise";
  }
  EXPECT_DOUBLE_EQ(sum, 1) << "of each item one of the two is right";
}

TEST_F(ImportedPredictions, are_marked_by_evaluators_that_learnt_from_placeholder_features) {
  const auto some = placeholder_features({5, 9});
  some.check();
  EXPECT_TRUE(at::equal(placeholder_features({9}).values[0], some.values[1]));
  EXPECT_FALSE(at::equal(some.values[0], some.values[1]));
  EXPECT_EQ(some.spec, placeholder_spec());
}

}  // namespace
}  // namespace earshot::worker
