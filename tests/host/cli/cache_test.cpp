#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Cache, is_listed_verified_and_pruned) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  const std::vector<std::string> results{"--results", "r/results.db"};
  EXPECT_THAT(sandbox.command({"cache", "list", "--results", "r/results.db"}).out,
              AllOf(HasSubstr("log_mel"), HasSubstr("level_only")));
  EXPECT_EQ(sandbox.command({"cache", "verify", "--results", "r/results.db"}).code, 0);
  EXPECT_THAT(sandbox.command({"cache", "prune", "--max", "0B", "--results", "r/results.db"}).out,
              HasSubstr("deleted 4 files"));
  EXPECT_EQ(sandbox.run("r", {"--set", "task.near.options.k=3"}).code, 0);
}

}  // namespace
}  // namespace earshot::testing
