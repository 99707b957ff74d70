#include "base/spawn.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace earshot::base {
namespace {

using ::testing::Contains;
using ::testing::Not;

/// Starts a shell with this script. @returns how it ended
std::string ending_of(const std::string& script, ProcessStart process = {}) {
  process.words = {"sh", "-c", script};
  if (process.environment.empty()) process.environment = environment_with({});
  pid_t pid = -1;
  EXPECT_EQ(start(std::move(process), pid), 0);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? ending_text(0, WTERMSIG(status))
                             : ending_text(WEXITSTATUS(status), 0);
}

TEST(Spawn, starts_a_program_with_its_environment_and_says_how_it_ended) {
  EXPECT_EQ(ending_of("exit 3"), "ended with status 3");
  EXPECT_EQ(ending_of("kill -9 $$"), "was killed by signal 9 (Killed)");
  EXPECT_EQ(ending_of("exit $NUMBER", {.environment = environment_with({"NUMBER=7"})}),
            "ended with status 7");
}

TEST(Spawn, gives_the_descriptors_that_are_named) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  EXPECT_EQ(ending_of("printf hello >&3",
                      {.descriptors = {{pipe[1], 3}}, .null_input = true, .own_group = true}),
            "ended with status 0");
  std::array<char, 6> text{};
  EXPECT_EQ(::read(pipe[0], text.data(), 5), 5);
  EXPECT_STREQ(text.data(), "hello");
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(Spawn, passes_on_no_ignored_signals) {
  const auto before = std::signal(SIGTERM, SIG_IGN);
  EXPECT_EQ(ending_of("kill -TERM $$"), "was killed by signal 15 (Terminated)");
  std::signal(SIGTERM, before);
}

TEST(Spawn, names_the_error_of_a_program_that_is_not_there) {
  pid_t pid = -1;
  EXPECT_EQ(start({.words = {"no-such-program"}}, pid), ENOENT);
}

TEST(Spawn, overrides_and_leaves_out_variables_by_their_whole_name) {
  ::setenv("EARSHOT_TEST_A", "1", 1);
  ::setenv("EARSHOT_TEST_AB", "2", 1);
  ::setenv("EARSHOT_TEST_C", "3", 1);
  constexpr std::array<std::string_view, 1> left_out{"EARSHOT_TEST_C"};
  const auto all = environment_with({"EARSHOT_TEST_A=9"}, left_out);
  for (const auto* name : {"EARSHOT_TEST_A", "EARSHOT_TEST_AB", "EARSHOT_TEST_C"})
    ::unsetenv(name);
  EXPECT_THAT(all, Contains("EARSHOT_TEST_A=9"));
  EXPECT_THAT(all, Not(Contains("EARSHOT_TEST_A=1")));
  EXPECT_THAT(all, Contains("EARSHOT_TEST_AB=2"));
  EXPECT_THAT(all, Not(Contains("EARSHOT_TEST_C=3")));
}

}  // namespace
}  // namespace earshot::base
