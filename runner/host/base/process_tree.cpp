#include "host/base/process_tree.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace earshot::host {

namespace {

namespace fs = std::filesystem;

fs::path folder_of(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  std::error_code gone;
  for (fs::directory_iterator thread(folder_of(pid) / "task", gone), end; !gone && thread != end;
       thread.increment(gone)) {
    std::ifstream list(thread->path() / "children");
    for (pid_t child = 0; list >> child;)
      children.push_back(child);
  }
  return children;
}

/// Sum of some fields of a file with lines like "Name:   12 kB", in bytes.
std::int64_t kilobytes(const fs::path& file, const std::array<std::string_view, 2>& fields) {
  std::ifstream stream(file);
  std::int64_t sum = 0;
  for (std::string line; std::getline(stream, line);)
    for (const auto& field : fields)
      if (line.starts_with(field))
        sum += std::strtoll(line.c_str() + field.size(), nullptr, 10) * 1024;
  return sum;
}

std::int64_t resident(pid_t pid) {
  return kilobytes(folder_of(pid) / "status", {"RssAnon:", "RssShmem:"});
}

/// A process's share of the pages that it shares with others, in bytes.
std::int64_t proportional(pid_t pid) {
  return kilobytes(folder_of(pid) / "smaps_rollup", {"Pss_Anon:", "Pss_Shmem:"});
}

std::int64_t number_in(const fs::path& file) {
  std::ifstream stream(file);
  std::int64_t number = 0;
  return stream >> number ? number : 0;  // "max" is not a number
}

/// The lowest limit of a control group and its ancestors; 0 if there is none.
std::int64_t lowest_limit(const fs::path& root, fs::path group, const char* file) {
  std::int64_t lowest = 0;
  for (;; group = group.parent_path()) {
    const auto limit = number_in(root / group.relative_path() / file);
    if (limit > 0 && (lowest == 0 || limit < lowest)) lowest = limit;
    if (!group.has_relative_path()) return lowest;
  }
}

/// Limit of this process's control group (cgroups(7)), version 2 or 1.
std::int64_t group_limit() {
  std::ifstream stream("/proc/self/cgroup");
  for (std::string line; std::getline(stream, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const auto group = line.substr(second + 1);
    if (controllers.empty()) {
      if (const auto limit = lowest_limit("/sys/fs/cgroup", group, "memory.max"); limit > 0)
        return limit;
    } else if (("," + controllers + ",").find(",memory,") != std::string::npos) {
      return lowest_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
    }
  }
  return 0;
}

}  // namespace

std::vector<pid_t> process_tree(pid_t root) {
  std::vector<pid_t> tree{root};
  for (std::size_t i = 0; i < tree.size(); ++i)
    for (const auto child : children_of(tree[i]))
      if (std::find(tree.begin(), tree.end(), child) == tree.end()) tree.push_back(child);
  return tree;
}

std::int64_t memory_of_tree(pid_t root, std::int64_t enough) {
  const auto tree = process_tree(root);
  std::int64_t sum = 0;
  for (const auto pid : tree)
    sum += resident(pid);
  if (tree.size() == 1 || sum <= enough) return sum;
  // A child that was just forked shares all its pages with its parent.
  std::int64_t fair = 0;
  for (const auto pid : tree)
    fair += proportional(pid);
  return fair > 0 ? fair : sum;
}

std::int64_t default_memory_limit() {
  const auto machine = kilobytes("/proc/meminfo", {"MemTotal:", "-"});
  const auto group = group_limit();
  const auto memory = group > 0 && (machine == 0 || group < machine) ? group : machine;
  return memory / 10 * 9;
}

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void end_orphans(const std::set<pid_t>& own) {
  // Killing a process may turn its children into ours; processes cannot fork faster than this for
  // long.
  for (int round = 0; round < 500; ++round) {
    bool found = false;
    for (const auto child : children_of(::getpid())) {
      if (own.contains(child) || ::getpgid(child) == ::getpgrp()) continue;
      found = true;
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, WNOHANG);
    }
    if (!found) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace earshot::host
