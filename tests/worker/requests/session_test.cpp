#include "worker/requests/session.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace earshot::worker {
namespace {

// Regression: a plugin that forked and returned in both processes made the runner hear everything
// twice.
TEST(Session, of_a_forked_process_says_nothing_and_ends_it) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  protocol::Channel out(-1, ends[1]), in(ends[0], -1);
  Session session(out, 1);
  const auto child = ::fork();
  if (child == 0) {
    session.progress(1, 1, "twice");
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  session.progress(1, 1, "once");
  ::close(ends[1]);
  const auto heard = in.receive();
  ASSERT_TRUE(heard.has_value());
  EXPECT_EQ(heard->header.at("what"), "once");
  EXPECT_FALSE(in.receive().has_value());
  ::close(ends[0]);
}

}  // namespace
}  // namespace earshot::worker
