#include "host/base/worker_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.hpp"
#include "host/base/failure.hpp"
#include "host/base/installation.hpp"
#include "host/base/process_tree.hpp"

namespace earshot::host {

namespace {

using Pair = std::array<int, 2>;

/// Names the resource that the machine has run out of, by error code.
[[noreturn]] void fail(int error, const std::string& what) {
  const char* advice = "free some memory";
  if (error == EMFILE) advice = "raise the limit (ulimit -n), or run fewer in parallel (-j)";
  if (error == ENFILE) advice = "close other programs";
  if (error == EAGAIN)
    advice = "raise the limit of processes (ulimit -u), or run fewer in parallel (-j)";
  throw WorkerShortage("a worker cannot be started: " + what + ": " + std::strerror(error) + "; " +
                       advice);
}

/// Descriptor of the worker's end of the protocol, as passed in its argument.
constexpr int worker_channel = 3;

/// Moves a descriptor above the numbers of the child's descriptors, so that setting these up never
/// closes it.
int out_of_the_way(int fd) {
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, 10);
  const int error = errno;
  ::close(fd);
  if (moved < 0) fail(error, "fcntl");
  return moved;
}

Pair both_out_of_the_way(Pair pair) {
  try {
    pair[0] = out_of_the_way(pair[0]);
  } catch (...) {
    ::close(pair[1]);
    throw;
  }
  try {
    pair[1] = out_of_the_way(pair[1]);
  } catch (...) {
    ::close(pair[0]);
    throw;
  }
  return pair;
}

/// A socket rather than two pipes: writing to a dead worker gives an error, not SIGPIPE.
Pair channel_pair() {
  Pair pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    fail(errno, "socketpair");
  return both_out_of_the_way(pair);
}

Pair output_pair() {
  Pair pair{};
  if (::pipe2(pair.data(), O_CLOEXEC) != 0) fail(errno, "pipe2");
  pair = both_out_of_the_way(pair);
  ::fcntl(pair[0], F_SETFL, O_NONBLOCK);
  return pair;
}

/// Withheld from plugins: the hub's token. A run fetches nothing.
constexpr std::array<std::string_view, 2> secrets{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"};

pid_t spawn(const WorkerOptions& options, base::ProcessStart process) {
  process.words = options.prefix;
  process.words.push_back(worker_file().string());
  process.words.insert(process.words.end(), 2, std::to_string(worker_channel));
  auto added = options.environment;
  // Otherwise idle OpenMP threads of LibTorch would spin, and take time from other workers and from
  // threads that prepare audio: measured, 6 times the processor time for features.
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) added.emplace_back("OMP_WAIT_POLICY=PASSIVE");
  process.environment = base::environment_with(added, secrets);
  const auto program = process.words.front();
  pid_t pid = -1;
  const int error = base::start(std::move(process), pid);
  if (error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE)
    fail(error, program);
  if (error != 0)
    throw Failure(ExitCode::usage, program +
                                       ": the worker cannot be started: " + std::strerror(error) +
                                       "; expected a program. Check --worker-prefix");
  return pid;
}

}  // namespace

/// The running workers of this process.
std::set<pid_t>& WorkerProcess::running() {
  static std::set<pid_t> pids;
  return pids;
}

std::string WorkerExit::text() const {
  return base::ending_text(code, signal);
}

WorkerProcess::WorkerProcess(const WorkerOptions& options) : own_group_(options.prefix.empty()) {
  adopt_orphans();
  const auto channel = channel_pair();
  channel_ = channel[0];
  Pair output{-1, -1};
  const auto close_ends = [&] {
    ::close(channel[1]);
    if (output[1] >= 0) ::close(output[1]);
  };
  try {
    base::ProcessStart process{.descriptors = {{channel[1], worker_channel}},
                               .null_input = own_group_,
                               .own_group = own_group_};
    if (own_group_) {
      output = output_pair();
      output_ = output[0];
      for (const int stream : {1, 2})
        process.descriptors.emplace_back(output[1], stream);
    }
    pid_ = spawn(options, std::move(process));
    running().insert(pid_);
  } catch (...) {
    close_ends();
    close_input();
    if (output_ >= 0) ::close(output_);
    throw;
  }
  close_ends();
}

WorkerProcess::~WorkerProcess() {
  kill(SIGKILL);
  wait();
  close_input();
  if (output_ >= 0) ::close(output_);
}

bool WorkerProcess::send(const protocol::Message& message) {
  const auto frame = protocol::to_frame(message);
  for (std::size_t sent = 0; sent < frame.size();) {
    const auto bytes = ::send(channel_, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
    if (bytes < 0 && errno != EINTR) return false;
    if (bytes > 0) sent += static_cast<std::size_t>(bytes);
  }
  return true;
}

bool WorkerProcess::receive() {
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto bytes = ::recv(channel_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (bytes > 0) {
      reader_.feed({buffer.data(), static_cast<std::size_t>(bytes)});
      if (static_cast<std::size_t>(bytes) < buffer.size()) return true;
    } else if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return true;
    } else if (bytes == 0 || errno != EINTR) {
      return false;
    }
  }
}

std::optional<protocol::Message> WorkerProcess::next() {
  auto message = reader_.next();
  if (!message || hello_.protocol != 0) return message;
  if (message->header.value("type", "") != "hello")
    throw protocol::ProtocolError("the worker did not begin with 'hello'");
  hello_ = message->header.get<protocol::Hello>();
  if (hello_.protocol != protocol::version)
    throw protocol::ProtocolError("the worker speaks protocol " + std::to_string(hello_.protocol) +
                                  ", this runner " + std::to_string(protocol::version) +
                                  "; install both from one build");
  return reader_.next();
}

std::optional<std::string> WorkerProcess::read_output() {
  constexpr int most = 16;  // maximum number of reads, so that other workers have their turn
  std::string text;
  std::array<char, 65536> buffer{};
  bool end = false;
  for (int reads = 0; reads < most; ++reads) {
    const auto bytes = ::read(output_, buffer.data(), buffer.size());
    if (bytes < 0 && errno == EINTR) continue;
    end = bytes == 0 || (bytes < 0 && errno != EAGAIN);
    if (bytes <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
  return end && text.empty() ? std::nullopt : std::optional(std::move(text));
}

void WorkerProcess::kill(int signal) {
  if (pid_ > 0 && !exit_) ::kill(own_group_ ? -pid_ : pid_, signal);
}

std::optional<WorkerExit> WorkerProcess::exit() {
  if (exit_) return exit_;
  int status = 0;
  const auto reaped = ::waitpid(pid_, &status, WNOHANG);
  if (reaped != pid_) return std::nullopt;
  running().erase(pid_);
  end_orphans(running());
  exit_ = WIFSIGNALED(status) ? WorkerExit{.code = 0, .signal = WTERMSIG(status)}
                              : WorkerExit{.code = WEXITSTATUS(status), .signal = 0};
  return exit_;
}

WorkerExit WorkerProcess::wait() {
  if (exit_) return *exit_;
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
    continue;
  if (own_group_) ::kill(-pid_, SIGKILL);  // also kills what it left behind, before its id is free
  return exit().value_or(WorkerExit{});
}

void WorkerProcess::close_input() {
  if (channel_ >= 0) ::close(channel_);
  channel_ = -1;
}

}  // namespace earshot::host
