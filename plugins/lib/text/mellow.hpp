#pragma once
#include <string_view>

#include <lib/text/answers.hpp>

/// The rules by which Mellow's evaluation judges replies (lib/text/answers.hpp), including their
/// mistakes.
namespace earshot::kit::mellow {

Verdict binary(const AnswerKey& key, std::string_view reply);
Verdict multiple_choice(const AnswerKey& key, std::string_view reply);
Verdict entailment(const AnswerKey& key, std::string_view reply);
Verdict mmau(const AnswerKey& key, std::string_view reply);

}  // namespace earshot::kit::mellow
