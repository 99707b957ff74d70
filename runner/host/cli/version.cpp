#include <iostream>

#include <poll.h>

#include "host/base/arguments.hpp"
#include "host/base/worker_process.hpp"
#include "host/cli/command.hpp"
#include "host/schedule/provenance.hpp"
#include "host/store/open.hpp"

namespace earshot::host {
namespace {

/// The hello of a worker.
protocol::Hello hello_of_worker() {
  WorkerProcess worker;
  while (worker.hello().protocol == 0 && worker.receive()) {
    worker.next();
    pollfd readable{worker.fd(), POLLIN, 0};
    ::poll(&readable, 1, 100);
  }
  return worker.hello();
}

ExitCode run_version(const std::vector<std::string>& arguments) {
  Syntax syntax{
      "version", "",
      "Shows the versions of runner, results file and protocol, and the commit that the runner was "
      "built\nfrom."};
  syntax.options.add_options()("all", "includes the SDK and LibTorch, by asking a worker");
  syntax.examples = "  runner version --all\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  std::cout << "runner    " << EARSHOT_VERSION << "\ncommit    "
            << (build_commit.empty() ? "unknown: not built in a git repository" : build_commit)
            << "\nresults   schema " << newest_schema() << "\nprotocol  " << protocol::version
            << '\n';
  if (!given->has("all")) return ExitCode::ok;
  const auto hello = hello_of_worker();
  std::cout << "plugins   " << hello.abi_tag << "\nLibTorch  " << hello.torch << '\n';
  return ExitCode::ok;
}

}  // namespace

const Command version_command{"version", Group::housekeeping, "shows versions", run_version};

}  // namespace earshot::host
