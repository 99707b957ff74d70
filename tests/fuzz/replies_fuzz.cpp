// Lines of arbitrary bytes are a reply, a gold answer and choices: every rule's verdict is
// consistent, and the scores of captions are within their bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include <lib/text/answers.hpp>
#include <lib/text/captions.hpp>

using namespace earshot::kit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream lines(std::string(reinterpret_cast<const char*>(data), size));
  std::string reply, gold;
  std::getline(lines, reply);
  std::getline(lines, gold);
  std::vector<std::string> choices;
  for (std::string choice; choices.size() < 30 && std::getline(lines, choice);)
    choices.push_back(choice);
  const AnswerKey key{.choices = choices, .golds = {&gold, 1}};
  for (const auto& scorer : answer_scorers()) {
    if (!scorer.applies(key)) continue;
    const auto verdict = scorer.judge(key, reply);
    if (verdict.choice && *verdict.choice >= choices.size() && verdict.parsed &&
        !scorer.name.starts_with("mellow"))
      std::abort();
    if (scorer.name == "normalized_exact" && !scorer.judge(key, gold).correct) std::abort();
  }
  CaptionCorpus corpus;
  corpus.add(reply, std::vector{gold});
  corpus.add(gold, choices.empty() ? std::vector{reply} : choices);
  for (const auto& [name, value] : corpus.score(std::vector<std::size_t>{0, 1}).by_name())
    if (!(value >= 0 && value <= (name == "cider_d" ? 10.0001 : 1.0001))) std::abort();
  return 0;
}
