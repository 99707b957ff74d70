#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

Ended plan(const Sandbox& sandbox, std::vector<std::string> words = {}) {
  words.insert(words.begin(), {"plan", "tones.toml", "--results", "r/results.db"});
  return sandbox.command(words);
}

TEST(Plan, states_the_smallest_detectable_difference_and_its_basis) {
  const Sandbox sandbox;
  EXPECT_THAT(plan(sandbox).out,
              AllOf(HasSubstr("the smallest accuracy difference detectable with 80 % power"),
                    HasSubstr("assuming that two encoders disagree on 20 % of the items")));
  ASSERT_EQ(sandbox.run("r").code, 0);
  EXPECT_THAT(plan(sandbox).out, AllOf(HasSubstr("stored pair"), Not(HasSubstr("assuming"))));
}

TEST(Plan, explains_for_each_cell_why_it_runs_before_and_after) {
  const Sandbox sandbox;
  EXPECT_THAT(plan(sandbox).out, AllOf(HasSubstr("tones: 8 cells\n"), ContainsRegex("8  run +new"),
                                       HasSubstr("dataset tones: 70")));
  EXPECT_EQ(sandbox.run("r", {"--only", "task=near"}).code, 0);
  EXPECT_THAT(plan(sandbox).out, AllOf(ContainsRegex("6  run +new"), ContainsRegex("2  cached")));
  auto text = Sandbox::experiment();
  text.insert(text.find("[encoder.level_only]"), "options = { mels = 20 }\n");
  sandbox.write_experiment(text);
  EXPECT_THAT(plan(sandbox, {"--why"}).out,
              ContainsRegex("log_mel/near/s0 +run +encoder option 'mels' changed \\(64 -> 20\\)"));
}

TEST(Plan, is_read_by_programs_cell_by_cell) {
  const Sandbox sandbox;
  const auto rows = Json::parse(plan(sandbox, {"--format", "json", "--skip", "seed=2"}).out);
  ASSERT_EQ(rows.size(), 8u);
  EXPECT_EQ(rows[0].at("cell"), "log_mel/probe/s0");
  EXPECT_EQ(rows[0].at("decision"), "run");
  EXPECT_EQ(rows[2].at("decision"), "left out");
  EXPECT_EQ(rows[2].at("key").get<std::string>().size(), 64u);
}

}  // namespace
}  // namespace earshot::testing
