#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using Accuracies = std::map<std::string, std::map<std::string, double>>;  // by category and task

/// Runs experiments/reasoning_tiny.toml unchanged, from scratch.
Accuracies run_reasoning_tiny() {
  const TemporaryFolder folder;
  const std::string results = (folder / "results.db").string();
  const auto runner = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--results", results});
    auto ended = Runner(folder.path(), std::move(words), {}).wait();
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    return ended.out;
  };
  runner({EARSHOT_SOURCE_DIR "/experiments/reasoning_tiny.toml"});
  std::istringstream rows(
      runner({"query",
              "SELECT slice, task, value FROM result WHERE metric = 'accuracy' AND slice <> 'all'",
              "--format", "csv"}));
  Accuracies found;
  std::string slice, task, value;
  std::getline(rows, slice);  // column names
  while (std::getline(rows, slice, ',') && std::getline(rows, task, ',') &&
         std::getline(rows, value))
    found[slice][task] = std::stod(value);
  return found;
}

TEST(ReasoningTinySlow, beats_every_control_in_at_least_four_categories) {
  const auto found = run_reasoning_tiny();
  std::set<std::string> heard;
  for (const std::string category : {"sound_event", "acoustic_properties", "mood", "environment",
                                     "multiple_choice", "yes_no", "compare"}) {
    ASSERT_TRUE(found.contains(category)) << category;
    const auto& of = found.at(category);
    const auto controls = {of.at("blind"), of.at("other_clip"), of.at("majority")};
    constexpr double clearly = 0.05;  // two standard errors with 432 test items
    if (of.at("hearing") > std::max(controls) + clearly) heard.insert(category);
    EXPECT_GT(of.at("oracle"), of.at("hearing")) << category;
    EXPECT_GT(of.at("oracle"), std::max(controls) + 0.1) << category;
  }
  EXPECT_GE(heard.size(), 4U) << ::testing::PrintToString(heard);
}

}  // namespace
}  // namespace earshot::testing
