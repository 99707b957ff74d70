#include "worker/plugin/leftovers.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <ATen/Context.h>
#include <ATen/Parallel.h>

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;

/// "/proc/self/task/<thread>" of each.
template <class Visit>
void for_each_thread(Visit&& visit) {
  std::error_code gone;
  for (fs::directory_iterator thread("/proc/self/task", gone), end; !gone && thread != end;
       thread.increment(gone))
    visit(thread->path());
}

std::string first_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

/// Threads that have the name of the process: a new thread has that of the one that started it.
std::int64_t unnamed_threads() {
  const auto own = first_line("/proc/self/comm");
  std::int64_t count = 0;
  for_each_thread([&](const fs::path& thread) { count += first_line(thread / "comm") == own; });
  return count;
}

std::int64_t child_processes() {
  std::int64_t count = 0;
  for_each_thread([&](const fs::path& thread) {
    std::ifstream children(thread / "children");
    for (std::int64_t pid = 0; children >> pid;)
      ++count;
  });
  return count;
}

/// The pool gets its full size, whatever the last parallel loop needed.
void fill_pool() {
  const auto threads = at::get_num_threads();
  if (threads > 1) at::parallel_for(0, threads, 1, [](std::int64_t, std::int64_t) {});
}

std::int64_t own_threads = 1;  ///< the worker's, which are not leftovers
bool pool_is_full = false;

std::string counted(std::int64_t count, const std::string& one, const std::string& many) {
  return count == 1 ? "a " + one : std::to_string(count) + " " + many;
}

}  // namespace

void begin_watch() {
  own_threads = unnamed_threads();
  pool_is_full = false;
}

void use_threads(int count) {
  at::set_num_threads(count);
  fill_pool();
  own_threads = unnamed_threads();
  pool_is_full = true;
}

std::string leftovers() {
  constexpr std::chrono::milliseconds pause{5};
  constexpr int most_pauses = 10;
  if (pool_is_full) fill_pool();
  // If no stage has filled the pool, a parallel loop may have.
  const auto expected = own_threads + (pool_is_full ? 0 : at::get_num_threads() - 1);
  const bool tells = !at::globalContext().hasCUDA();
  std::int64_t threads = 0, processes = 0;
  for (int i = 0; i <= most_pauses; ++i) {
    threads = tells ? unnamed_threads() - expected : 0;
    processes = child_processes();
    if (threads <= 0 && processes == 0) return {};
    std::this_thread::sleep_for(pause);
  }
  std::string what;
  if (threads > 0) what = counted(threads, "thread", "threads");
  if (processes > 0)
    what += (what.empty() ? "" : " and ") + counted(processes, "process", "processes");
  return what;
}

}  // namespace earshot::worker
