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
