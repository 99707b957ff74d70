#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "support.hpp"

namespace earshot::host {
namespace {

const std::filesystem::path experiments = std::filesystem::path(EARSHOT_SOURCE_DIR) / "experiments";

TEST(Shipped, experiments_can_be_read) {
  for (const auto* variable : {"ESC10", "ESC50", "REASONAQA", "MMAU", "CHECKPOINT"})
    ::setenv(variable, "/data", 0);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(experiments)) {
    if (entry.path().extension() != ".toml") continue;
    ++files;
    const auto experiment = read_experiment(entry.path().string(), {});
    EXPECT_EQ(experiment.name, entry.path().stem().string());
    EXPECT_FALSE(experiment.question.empty()) << entry.path();
    EXPECT_FALSE(expand(experiment, {}, [](const CellComponent&) {
                   return std::vector<std::int64_t>{1, 2};
                 }).empty());
  }
  EXPECT_GT(files, 0);
}

TEST(Shipped, page_of_keys_begins_with_an_experiment_that_can_be_read) {
  const auto page = read_text((experiments / "README.md").string());
  const std::string fence = "```toml\n";
  const auto begin = page.find(fence) + fence.size();
  const auto experiment = parse(page.substr(begin, page.find("```", begin) - begin));
  EXPECT_EQ(expand(experiment, {}, nullptr).size(), 6u);
  EXPECT_EQ(experiment.hypotheses.size(), 1u);
}

}  // namespace
}  // namespace earshot::host
