#pragma once
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <lib/text/answers.hpp>

namespace earshot {

using Texts = std::vector<std::string>;

struct Question {
  Texts choices{}, golds{};
  kit::AnswerKey key() const { return {.choices = choices, .golds = golds}; }
};

inline kit::Verdict judge(const std::string& scorer, const Question& question,
                          const std::string& reply) {
  const auto& rule = kit::answer_scorer(scorer);
  EXPECT_TRUE(rule.applies(question.key())) << scorer;
  return rule.judge(question.key(), reply);
}
inline bool correct(const std::string& scorer, const Question& question, const std::string& reply) {
  return judge(scorer, question, reply).correct;
}
/// Whether the rule finds no answer in the reply.
inline bool none(const std::string& scorer, const Question& question, const std::string& reply) {
  const auto verdict = judge(scorer, question, reply);
  return !verdict.correct && !verdict.parsed && !verdict.choice && verdict.text.empty();
}

}  // namespace earshot
