// earshot-worker READ WRITE: loads plugins and does what the runner asks, over two file
// descriptors. Started by `runner`, never by hand; ends when its input closes or the runner dies.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <torch/headeronly/version.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <earshot/plugin.hpp>

#include "protocol/answers.hpp"
#include "protocol/typed_message.hpp"
#include "worker/plugin/shared_state.hpp"
#include "worker/requests/decoy.hpp"
#include "worker/requests/dispatch.hpp"
#include "worker/requests/session.hpp"

namespace {

/// The channel under a number that a plugin does not hit by writing to descriptors that it does not
/// own: high, and where it was lies a decoy. A program that a plugin starts has it not.
int hidden(int fd) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto highest = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1024));
  for (const int lowest : {highest - 100, highest - 10, highest / 2}) {
    const int moved = lowest > fd ? ::fcntl(fd, F_DUPFD_CLOEXEC, lowest) : -1;
    if (moved < 0) continue;
    earshot::worker::put_decoy(fd);
    return moved;
  }
  return fd;
}

void serve(int read_fd, int write_fd) {
  using namespace earshot;
  const int channel_fd = hidden(read_fd);
  protocol::Channel channel(channel_fd, read_fd == write_fd ? channel_fd : hidden(write_fd));
  worker::remember_normal_state();
  channel.send(protocol::to_message(protocol::Hello{.abi_tag = EARSHOT_ABI_TAG,
                                                    .torch = TORCH_VERSION,
                                                    .pid = static_cast<std::int64_t>(::getpid())}));
  while (const auto request = channel.receive())
    worker::answer(*request, channel);
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // what plugins start stays below this process
  std::signal(SIGPIPE, SIG_IGN);       // a runner that is gone shows as a failed write
  std::signal(SIGINT, SIG_IGN);        // of the terminal: the runner decides, and sends SIGTERM
  std::signal(SIGTERM, earshot::worker::Session::ask_to_stop);
  if (argc != 3) {
    std::fputs("earshot-worker is started by `runner`, with two file descriptors\n", stderr);
    return 2;
  }
  int status = 0;
  try {
    serve(std::atoi(argv[1]), std::atoi(argv[2]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "earshot-worker: %s\n", error.what());
    status = 1;
  }
  // No destructors of plugins' globals: they could only turn an end into a crash.
  std::fflush(nullptr);
  std::_Exit(status);
}
