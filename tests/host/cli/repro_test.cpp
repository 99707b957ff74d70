#include <sstream>

#include <gmock/gmock.h>

#include "commands.hpp"
#include "sandbox.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST_F(Commands, repro_finds_a_run_as_logs_does) {
  const auto& key = plan.cells[10].key;
  for (const auto& wanted : {key.substr(0, 12), std::string("11")})
    EXPECT_THAT(run(repro_command, {wanted}),
                AllOf(HasSubstr("run      11, attempt 1, failed"), HasSubstr("cell     " + key)));
  EXPECT_THAT(usage_of(repro_command, {"99"}), HasSubstr("no run '99'"));
  EXPECT_THAT(usage_of(repro_command, {}), HasSubstr("missing"));
}

}  // namespace
}  // namespace earshot::host

namespace earshot::testing {
namespace {

using ::testing::HasSubstr;

TEST(Repro, prints_the_command_of_one_cell_which_gives_the_same_numbers) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  const auto ended = sandbox.command({"repro", "1", "--results", "r/results.db"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto begin = ended.out.rfind("\nrunner ") + 8;
  std::istringstream line(ended.out.substr(begin, ended.out.find('\n', begin) - begin));
  std::vector<std::string> words;
  for (std::string word; line >> word;)
    words.push_back(word);
  const auto repeated = sandbox.command(words);
  EXPECT_EQ(repeated.code, 0) << repeated.err;
  EXPECT_THAT(repeated.out, HasSubstr("done  1 cell: 1 ok"));
}

}  // namespace
}  // namespace earshot::testing
