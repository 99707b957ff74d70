#include "host/cli/outcome.hpp"

#include <csignal>
#include <sstream>

#include <gmock/gmock.h>

#include "host/base/defaults.hpp"

namespace earshot::host {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string ending_of(const Summary& summary) {
  std::ostringstream out;
  print_ending(out, summary, "tones", defaults().results);
  return out.str();
}

// Regression: after Ctrl-C the summary named the cells that were not run, but not why, nor what to
// do.
TEST(Outcome, of_an_interrupted_run_says_so_and_how_it_resumes) {
  const Summary summary{.expected = 8, .ok = 3, .unfinished = 5, .attempts = 4, .signal = SIGINT};
  EXPECT_THAT(ending_of(summary),
              HasSubstr("done  8 cells: 3 ok, 5 not run; 4 run   0:00\n"
                        "interrupted\n"
                        "more  the same command resumes where this run stopped\n"
                        "more  runner compare tones\n"));
}

// Regression: it ended with "interrupted  0 cells were not finished" if the running cells ended
// after the signal, as where [select] has only cells left that it has not chosen yet.
TEST(Outcome, of_an_interrupted_run_counts_no_cells_if_all_that_had_begun_are_done) {
  const Summary summary{.expected = 3, .ok = 3, .attempts = 3, .signal = SIGINT};
  EXPECT_THAT(ending_of(summary),
              HasSubstr("done  3 cells: 3 ok; 3 run   0:00\n"
                        "interrupted\n"
                        "more  the same command resumes where this run stopped\n"));
}

TEST(Outcome, of_a_run_with_failures_does_not_call_it_interrupted) {
  const Summary summary{.expected = 2, .ok = 1, .failed = 1, .attempts = 2};
  EXPECT_THAT(ending_of(summary), Not(HasSubstr("interrupted")));
}

}  // namespace
}  // namespace earshot::host
