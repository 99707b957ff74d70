#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include <nlohmann/json.hpp>

#include "files.hpp"
#include "judging.hpp"

namespace {

using namespace earshot;

/// The constant baselines and counts of MMAU's published questions.
class AnswersOnMmau : public ::testing::Test {
 protected:
  struct Row {
    Question question;
    std::string task, difficulty;
  };
  void SetUp() override {
    const auto* given = std::getenv("EARSHOT_DATA");
    const std::filesystem::path data =
        given != nullptr ? given : EARSHOT_SOURCE_DIR "/../shared/data";
    const auto file = data / "text" / "mmau" / "mmau-test-mini.json";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is absent; set EARSHOT_DATA";
    for (const auto& row : nlohmann::json::parse(earshot::testing::text_of(file)))
      rows.push_back(
          {{row["choices"], {row["answer"].get<std::string>()}}, row["task"], row["difficulty"]});
  }
  using Reply = std::function<std::string(const Question&)>;
  int accepted(
      const std::string& scorer, const Reply& reply,
      const std::function<bool(const Row&)>& wanted = [](const Row&) { return true; }) const {
    int count = 0;
    for (const auto& row : rows)
      count += wanted(row) && correct(scorer, row.question, reply(row.question)) ? 1 : 0;
    return count;
  }
  static Reply option(std::size_t k) {
    return [k](const Question& question) {
      return question.choices[std::min(k, question.choices.size() - 1)];  // or the last of fewer
    };
  }
  static std::string letter(const Question& question) {
    return {static_cast<char>('A' + kit::gold_choice(question.key()).value())};
  }
  std::vector<Row> rows{};
};

TEST_F(AnswersOnMmau, constant_answers_score_as_published) {
  ASSERT_EQ(rows.size(), 1000U);
  const auto first = [&](const std::function<bool(const Row&)>& wanted) {
    return accepted("exact", option(0), wanted);
  };
  EXPECT_EQ(first([](const Row&) { return true; }), 395);
  EXPECT_EQ(accepted("mmau_tokens", option(0)), 398);
  EXPECT_EQ(accepted("mmau_tokens", option(1)), 275);
  EXPECT_EQ(accepted("mmau_tokens", option(2)), 219);
  EXPECT_EQ(accepted("mmau_tokens", option(3)), 137);
  const auto by_length = [](const std::string& a, const std::string& b) {
    return a.size() < b.size();
  };
  EXPECT_EQ(accepted("mmau_tokens",
                     [&](const auto& q) {
                       return *std::max_element(q.choices.begin(), q.choices.end(), by_length);
                     }),
            396);
  EXPECT_EQ(accepted("mmau_tokens",
                     [&](const auto& q) {
                       return *std::min_element(q.choices.begin(), q.choices.end(), by_length);
                     }),
            237);
  const auto task = [](const char* name) {
    return [=](const Row& row) { return row.task == name; };
  };
  EXPECT_EQ(first(task("sound")), 164);   // of 333: 49.25 %
  EXPECT_EQ(first(task("music")), 101);   // of 334: 30.24 %
  EXPECT_EQ(first(task("speech")), 130);  // of 333: 39.04 %
  const auto difficulty = [](const char* name) {
    return [=](const Row& row) { return row.difficulty == name; };
  };
  EXPECT_EQ(first(difficulty("easy")), 76);     // of 224: 33.9 %
  EXPECT_EQ(first(difficulty("medium")), 236);  // of 540: 43.7 %
  EXPECT_EQ(first(difficulty("hard")), 83);     // of 236: 35.2 %
}

TEST_F(AnswersOnMmau, the_official_rule_accepts_and_rejects_as_many_as_published) {
  const auto rejected = [&](const Reply& reply) { return 1000 - accepted("mmau_tokens", reply); };
  const auto gold = [](const Question& question) { return question.golds[0]; };
  EXPECT_EQ(rejected(gold), 0);
  EXPECT_EQ(rejected([&](const auto& q) { return "(" + letter(q) + ") " + gold(q); }), 33);
  EXPECT_EQ(rejected([&](const auto& q) { return "The answer is " + gold(q) + "."; }), 93);
  EXPECT_EQ(rejected([&](const auto& q) { return "The sound is a " + gold(q); }), 169);
  EXPECT_EQ(accepted("mmau_tokens", letter), 2);
  int wrong = 0;
  for (const auto& row : rows)
    for (const auto& choice : row.question.choices)
      wrong +=
          choice != row.question.golds[0] && correct("mmau_tokens", row.question, choice) ? 1 : 0;
  EXPECT_EQ(wrong, 12);
}

TEST_F(AnswersOnMmau, letters_and_texts_of_all_golds_are_read) {
  EXPECT_EQ(accepted("letter", letter), 1000);
  EXPECT_EQ(accepted("letter", [](const auto& q) { return "(" + letter(q) + ") " + q.golds[0]; }),
            1000);
  EXPECT_EQ(accepted("choice_text", [](const auto& q) { return q.golds[0]; }), 1000);
  for (const auto& row : rows)
    for (const auto& choice : row.question.choices)
      EXPECT_EQ(correct("choice_text", row.question, choice),
                kit::normalized_answer(choice) == kit::normalized_answer(row.question.golds[0]))
          << choice;
}

}  // namespace
