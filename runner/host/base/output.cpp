#include "host/base/output.hpp"

#include <cstdio>
#include <iostream>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace earshot::host {

void hold_standard_streams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // open() returns the lowest free descriptor, which is this one. Read-only, so that writing to
    // it still fails.
    [[maybe_unused]] const int opened = ::open("/dev/null", O_RDONLY);
  }
}

bool flush_output() {
  std::cout.flush();
  const bool flushed = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  return flushed && !std::cout.fail();
}

void forgive_departed_reader() {
  if (flush_output()) return;
  pollfd state{STDOUT_FILENO, POLLOUT, 0};
  if (::poll(&state, 1, 0) != 1 || (state.revents & POLLERR) == 0) return;
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return;
  ::dup2(nowhere, STDOUT_FILENO);
  ::close(nowhere);
  std::clearerr(stdout);
  std::cout.clear();
  flush_output();
}

}  // namespace earshot::host
