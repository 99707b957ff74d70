#include "answering.hpp"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "candidates.hpp"
#include "question_trial.hpp"

namespace {

using namespace earshot;
using audio_qa::AudioQa;
using test::Given;
using test::make;
using test::mean;
using test::QuestionTrial;
using test::quick;
using test::run;
using ::testing::HasSubstr;

/// The same question without choices, answered by a sentence that names the kind.
void open_question(Item& item, Split, std::int64_t) {
  const auto kind = item.question->answers[0];
  item.question = Question{.text = "Describe it.", .answers = {"it is " + kind}};
}

TEST(Answering, scores_every_choice_and_takes_the_likeliest) {
  for (const std::string choose : {"log_prob", "log_prob_mean"}) {
    QuestionTrial trial;
    const auto evaluator =
        make<AudioQa>(quick({{"choose", choose}, {"max_tokens", std::int64_t{0}}}));
    run(*evaluator, trial);
    EXPECT_GT(mean(*evaluator, trial, choose), 0.9);
    EXPECT_EQ(mean(*evaluator, trial, choose), mean(*evaluator, trial, "accuracy"));
    EXPECT_TRUE(std::isnan(mean(*evaluator, trial, "choice_text")));
    const auto& prediction = trial.predictions().at(0);
    ASSERT_EQ(prediction.scores.size(), 3u);
    EXPECT_LT(prediction.scores[0], 0);
    EXPECT_EQ(prediction.measures.at("tokens_0"), 5);  // " low" and its end
    EXPECT_EQ(prediction.measures.at("tokens_1"), 8);
  }
}

TEST(Answering, keeps_replies_and_prompts) {
  QuestionTrial trial;
  const auto evaluator = make<AudioQa>(quick({{"prompt", std::string("letters")}}));
  run(*evaluator, trial);
  EXPECT_GT(mean(*evaluator, trial, "letter"), 0.9);
  EXPECT_GT(mean(*evaluator, trial, "answered"), 0.9);
  EXPECT_THAT(trial.predictions().at(0).output, ::testing::MatchesRegex(" [ABC]"));
  std::stringstream text;
  text << std::ifstream(trial.artifact("prompts.txt")).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("--- test0\n<audio, "));
  EXPECT_THAT(text.str(), HasSubstr("A. low\nB. middle\nC. high\nAnswer with"));
}

TEST(Answering, understands_letters_of_permuted_choices) {
  QuestionTrial trial;
  const auto evaluator = make<AudioQa>(quick({{"choices", std::string("permuted")}}));
  run(*evaluator, trial);
  EXPECT_GT(mean(*evaluator, trial, "accuracy"), 0.9);
}

TEST(Answering, uses_both_clips_of_an_item) {
  // Whether two clips are of the same kind; the small model receives the sum of both.
  const auto same = [](Item& item, Split split, std::int64_t index) {
    static const QuestionTrial all;
    const auto kind = [&](std::int64_t i) {
      return std::get<std::string>(all.SyntheticTrial::item(split, i).labels.at("kind"));
    };
    const bool low = kind(index) == "low" && kind((index + 1) % all.size(split)) == "low";
    item.question = Question{.text = "Both low?", .answers = {low ? "yes" : "no"}};
  };
  QuestionTrial two({}, same);
  two.two_clips = true;
  const auto evaluator = make<AudioQa>(quick());
  run(*evaluator, two);
  EXPECT_GT(mean(*evaluator, two, "yes_no"), 0.9);
  EXPECT_EQ(mean(*evaluator, two, "accuracy"), mean(*evaluator, two, "yes_no"));
}

TEST(GoldRank, is_above_chance_if_the_audio_reveals_the_answer_and_at_chance_otherwise) {
  QuestionTrial heard({}, open_question), blind({}, open_question);
  const auto evaluator = make<AudioQa>(quick());
  run(*evaluator, heard);
  EXPECT_GT(mean(*evaluator, heard, "gold_rank"), 0.8);
  EXPECT_GT(mean(*evaluator, heard, "bits_saved"), 0);
  const auto chance = mean(*evaluator, heard, "gold_rank_chance");
  EXPECT_GT(chance, 0.3);  // three kinds, and not always all of them in a group of four
  EXPECT_LT(chance, 0.55);
  const auto deaf = make<AudioQa>(quick({{"input", std::string("none")}}));
  run(*deaf, blind);
  EXPECT_LT(mean(*deaf, blind, "gold_rank"), chance + 0.2);
  EXPECT_TRUE(std::isnan(mean(*deaf, blind, "bits_saved")));
}

TEST(GoldRank, offers_an_items_own_gold_among_those_of_other_clips) {
  const QuestionTrial trial({}, [](Item& item, Split, std::int64_t index) {
    item.groups["clip"] = std::to_string(index / 3);
    item.question = Question{.text = index % 2 == 0 ? "What?" : "Where?",
                             .answers = {"answer " + std::to_string(index)}};
  });
  const auto all = audio_qa::candidates(trial, "category", 3);
  EXPECT_GT(all.size(), 24u);
  for (const auto& [index, texts] : all) {
    EXPECT_THAT(texts, ::testing::Contains("answer " + std::to_string(index)));
    EXPECT_LE(texts.size(), 4u);
    std::set<std::int64_t> clips;
    for (const auto& text : texts)
      clips.insert(std::stoll(text.substr(7)) / 3);
    EXPECT_EQ(clips.size(), texts.size());
  }
}

// Predictions are honest: which candidate is an item's gold answer does not change them.
TEST(GoldRank, does_not_reveal_to_predictions_which_candidate_is_the_gold) {
  const auto groups = [](const QuestionTrial& trial) {
    std::map<std::vector<std::string>, std::vector<std::int64_t>> members;
    for (const auto& [index, texts] : audio_qa::candidates(trial, "category", 3))
      members[texts].push_back(index);
    return members;
  };
  const auto unique = [](Item& item, Split split, std::int64_t index) {
    if (split != Split::test) return open_question(item, split, index);
    item.question = Question{.text = "Describe it.", .answers = {"it is " + std::to_string(index)}};
  };
  const QuestionTrial plain({}, unique);
  std::map<std::int64_t, std::int64_t> exchanged;  // each test item has the gold of another
  for (const auto& [texts, members] : groups(plain))
    for (std::size_t i = 0; i < members.size(); ++i)
      exchanged[members[i]] = members[(i + 1) % members.size()];
  ASSERT_GT(exchanged.size(), 20u);
  QuestionTrial first({}, unique), second({}, [&](Item&item, Split split, std::int64_t index) {
    unique(item, split, index);
    if (const auto to = exchanged.find(index); split == Split::test && to != exchanged.end())
      item.question->answers = {"it is " + std::to_string(to->second)};
  });
  const auto given = quick({{"max_steps", std::int64_t{5}}});
  const auto one = make<AudioQa>(given), other = make<AudioQa>(given);
  run(*one, first);
  run(*other, second);
  for (const auto& [index, prediction] : first.predictions()) {
    const auto& changed = second.predictions().at(index);
    EXPECT_EQ(prediction.output, changed.output);
    EXPECT_EQ(prediction.candidates, changed.candidates);
    EXPECT_EQ(prediction.scores, changed.scores);
  }
}

TEST(Answering, refuses_to_ask_nothing) {
  EXPECT_THROW(make<AudioQa>({{"max_tokens", std::int64_t{0}}}), ConfigError);
}

}  // namespace
