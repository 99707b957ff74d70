// earshot-worker READ WRITE: loads plugins and does what the runner asks, over two file
// descriptors. Started by `runner`, never by hand; ends when its input closes or the runner dies.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <torch/headeronly/version.h>

#include <sys/prctl.h>
#include <unistd.h>

#include <earshot/plugin.hpp>

#include "protocol/messages.hpp"
#include "worker/requests/dispatch.hpp"
#include "worker/requests/session.hpp"

namespace {

void serve(int read_fd, int write_fd) {
  using namespace earshot;
  protocol::Channel channel(read_fd, write_fd);
  protocol::Json hello = protocol::Hello{.abi_tag = EARSHOT_ABI_TAG,
                                         .torch = TORCH_VERSION,
                                         .pid = static_cast<std::int64_t>(::getpid())};
  hello["type"] = "hello";
  channel.send({std::move(hello)});
  while (const auto request = channel.receive())
    worker::answer(*request, channel);
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGPIPE, SIG_IGN);  // a runner that is gone shows as a failed write
  std::signal(SIGINT, SIG_IGN);   // of the terminal: the runner decides, and sends SIGTERM
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
