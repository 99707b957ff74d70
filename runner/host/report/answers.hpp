#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/report/parts.hpp"

// What runs said about each item: confusion tables, and items on which runs disagree.

namespace earshot::host {

/// How much a page holds of what runs said. Reading an answer takes 15 microseconds, and one on the
/// page 15 bytes.
struct AnswerLimits {
  std::int64_t read = 60'000;  ///< answers that are read; beyond it a sample of the items
  std::size_t shown = 60'000;  ///< answers of sides to items on which they disagree
  std::size_t sides = 400;     ///< rows and columns among which items are looked for
  std::size_t classes = 40;    ///< of a confusion table; the rarest are counted together
  std::size_t text = 400;      ///< bytes of a question, choice or answer
};

/// Reads the experiments of a page one after the other.
class AnswersOfPage {
 public:
  explicit AnswersOfPage(AnswerLimits limits = {}) : limits_(limits) {}

  /// Adds the confusion tables of this experiment, and remembers what its runs said.
  /// @param index  of the experiment on the page
  void read(ReportedExperiment& report, const Subject& subject, std::size_t index);

  /// The items on which sides of the same dataset and label disagree, also those of different
  /// experiments. Says in `left_out` what the limits left out.
  std::vector<ReportedAnswers> disagreements(std::vector<std::string>& left_out) const;

 private:
  struct Block;
  AnswerLimits limits_;
  std::map<std::pair<std::int64_t, std::string>, std::shared_ptr<Block>> blocks_{};
  std::vector<std::string> left_out_{};
};

}  // namespace earshot::host
