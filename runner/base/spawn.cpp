#include "base/spawn.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

namespace earshot::base {

namespace {

class Actions {
 public:
  explicit Actions(const ProcessStart& process) {
    posix_spawn_file_actions_init(&actions_);
    if (process.null_input)
      posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    for (const auto& [here, there] : process.descriptors)
      posix_spawn_file_actions_adddup2(&actions_, here, there);
  }
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  explicit Attributes(bool own_group) {
    posix_spawnattr_init(&attributes_);
    sigset_t none{}, all{};
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    const int group = own_group ? POSIX_SPAWN_SETPGROUP : 0;
    posix_spawnattr_setflags(
        &attributes_, static_cast<short>(group | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts)
    list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

}  // namespace

int start(ProcessStart process, pid_t& pid) {
  const Actions actions(process);
  const Attributes attributes(process.own_group);
  const auto& program = process.program.empty() ? process.words.front() : process.program;
  int error = 0;
  for (int pause = 50; pause <= 1600; pause *= 2) {
    error = ::posix_spawnp(&pid, program.c_str(), actions.get(), attributes.get(),
                           pointers(process.words).data(), pointers(process.environment).data());
    if (error != EAGAIN && error != ENOMEM) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(pause));
  }
  return error;
}

std::vector<std::string> environment_with(const std::vector<std::string>& added,
                                          std::span<const std::string_view> left_out) {
  auto all = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string name(*entry, std::strcspn(*entry, "="));
    if (std::find(left_out.begin(), left_out.end(), name) != left_out.end()) continue;
    const bool replaced = std::any_of(added.begin(), added.end(), [&](const std::string& other) {
      return other.starts_with(name + "=");
    });
    if (!replaced) all.emplace_back(*entry);
  }
  return all;
}

std::string ending_text(int code, int signal) {
  if (signal == 0) return "ended with status " + std::to_string(code);
  return "was killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

}  // namespace earshot::base
