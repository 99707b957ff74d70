#include <algorithm>
#include <numeric>

#include <gmock/gmock.h>
#include <lib/text/captions.hpp>
#include <nlohmann/json.hpp>

#include <earshot/error.hpp>

#include "files.hpp"

namespace {

using namespace earshot;
using kit::CaptionCorpus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Texts = std::vector<std::string>;

/// Created by COCO's programs (tests/golden/scripts/captions.py).
const nlohmann::json& golden() {
  static const auto json = nlohmann::json::parse(
      earshot::testing::text_of(EARSHOT_SOURCE_DIR "/tests/golden/captions.json"));
  return json;
}

std::vector<std::size_t> all(const CaptionCorpus& corpus) {
  std::vector<std::size_t> items(corpus.size());
  std::iota(items.begin(), items.end(), 0);
  return items;
}

/// The example from aac-metrics.
CaptionCorpus two_items() {
  CaptionCorpus corpus;
  corpus.add("a man is speaking",
             Texts{"a man speaks.", "someone speaks.",
                   "a man is speaking while a bird is chirping in the background"});
  corpus.add("rain falls", Texts{"rain is falling hard on a surface"});
  return corpus;
}

TEST(CaptionTokens, are_those_of_the_penn_treebank_tokenizer) {
  for (const auto& row : golden()["tokens"])
    EXPECT_EQ(kit::caption_tokens(row["text"].get<std::string>()), row["tokens"].get<Texts>())
        << row["text"];
}

TEST(CaptionTokens, of_any_bytes_are_words_or_nothing) {
  EXPECT_THAT(kit::caption_tokens(" ,.' \xC3\x28 -- \n"), ElementsAre("-lrb-"));
  EXPECT_THAT(kit::caption_tokens(""), ElementsAre());
  EXPECT_THAT(kit::caption_tokens("'"), ElementsAre());
  EXPECT_THAT(kit::caption_tokens("n't '"), ElementsAre("n't"));
}

TEST(Captions, score_as_coco_programs_do) {
  for (const auto& set : golden()["sets"]) {
    CaptionCorpus corpus;
    for (const auto& row : set["rows"]) {
      const auto item =
          corpus.add(row["candidate"].get<std::string>(), row["references"].get<Texts>());
      EXPECT_NEAR(corpus.rouge_l(item), set["rouge_l_each"][item].get<double>(), 1e-12);
    }
    const auto scores = corpus.score(all(corpus));
    for (std::size_t n = 0; n < 4; ++n)
      EXPECT_NEAR(scores.bleu[n], set["bleu"][n].get<double>(), 1e-12) << n;
    EXPECT_NEAR(scores.rouge_l, set["rouge_l"].get<double>(), 1e-12);
    EXPECT_NEAR(scores.cider_d.value(), set["cider_d"].get<double>(), 1e-12);
  }
}

TEST(Captions, score_the_example_of_aac_metrics_as_published) {
  const auto corpus = two_items();
  const auto scores = corpus.score(all(corpus));
  EXPECT_NEAR(scores.cider_d.value(), 0.96135, 5e-6);
  EXPECT_NEAR(scores.bleu[0], 0.42785, 5e-6);
  EXPECT_EQ(scores.by_name().at("cider_d"), *scores.cider_d);
  EXPECT_EQ(scores.by_name().at("bleu_1"), scores.bleu[0]);
}

TEST(Captions, score_the_same_in_any_order_and_count_repeats) {
  CaptionCorpus corpus;
  for (const auto& row : golden()["sets"][2]["rows"])
    corpus.add(row["candidate"].get<std::string>(), row["references"].get<Texts>());
  auto items = all(corpus);
  items.insert(items.end(), {3, 3, 7});
  const auto scores = corpus.score(items);
  std::reverse(items.begin(), items.end());
  EXPECT_EQ(corpus.score(items).by_name(), scores.by_name());

  CaptionCorpus repeated;  // the same items written out
  for (const auto item : items) {
    const auto& row = golden()["sets"][2]["rows"][item];
    repeated.add(row["candidate"].get<std::string>(), row["references"].get<Texts>());
  }
  EXPECT_NEAR(repeated.score(all(repeated)).cider_d.value(), scores.cider_d.value(), 1e-12);
}

TEST(Captions, without_words_score_zero_and_alone_have_no_cider) {
  CaptionCorpus corpus;
  corpus.add("", Texts{"rain falls"});
  corpus.add("rain falls", Texts{""});
  const auto scores = corpus.score(all(corpus));
  EXPECT_NEAR(scores.bleu[0], 0, 1e-12);
  EXPECT_EQ(scores.rouge_l, 0);
  EXPECT_EQ(scores.cider_d.value(), 0);

  const auto alone = two_items().score(std::vector<std::size_t>{1});
  EXPECT_FALSE(alone.cider_d.has_value());
  EXPECT_FALSE(alone.by_name().contains("cider_d"));
}

TEST(Captions, refuse_items_without_references_and_scores_without_items) {
  CaptionCorpus corpus;
  EXPECT_THROW(corpus.add("rain", Texts{}), ContractError);
  EXPECT_THROW(corpus.score({}), ContractError);
}

TEST(Captions, unsupported_metrics_say_what_they_need) {
  for (const auto* name : {"meteor", "spice", "spider", "spider_fl", "fense"})
    EXPECT_THAT([&] { kit::check_caption_metric(name); },
                ThrowsMessage<Unsupported>(HasSubstr("which Earshot does not have; allowed are")))
        << name;
  EXPECT_THROW(kit::check_caption_metric("bleu"), ConfigError);
  for (const auto& [name, value] : two_items().score(std::vector<std::size_t>{0, 1}).by_name())
    EXPECT_NO_THROW(kit::check_caption_metric(name));
}

}  // namespace
