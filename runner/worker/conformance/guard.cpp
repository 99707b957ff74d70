#include "worker/conformance/guard.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <thread>

#include <sys/mman.h>
#include <unistd.h>

namespace earshot::worker {

namespace {

constexpr std::int64_t most_growth = std::int64_t{4} << 30;  // bytes

/// Resident memory that no file stands behind: /proc/self/statm, resident minus shared (proc(5)).
std::int64_t own_memory() {
  std::ifstream stream("/proc/self/statm");
  std::int64_t size = 0, resident = 0, shared = 0;
  stream >> size >> resident >> shared;
  return (resident - shared) * ::sysconf(_SC_PAGESIZE);
}

void watch(std::int64_t start) {
  while (own_memory() - start < most_growth)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::fputs("memory grew by more than 4 GiB\n", stderr);
  std::fflush(stderr);
  std::abort();
}

std::string content(int memory) {
  std::string text(static_cast<std::size_t>(std::max<off_t>(::lseek(memory, 0, SEEK_END), 0)), ' ');
  const auto bytes = ::pread(memory, text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
  return text;
}

}  // namespace

void limit_memory() {
  static std::once_flag once;
  std::call_once(once, [] { std::thread(watch, own_memory()).detach(); });
}

OutputCapture::OutputCapture() {
  std::fflush(nullptr);
  for (const int i : {0, 1}) {
    memory_[i] = ::memfd_create("output", MFD_CLOEXEC);
    saved_[i] = ::dup(i + 1);
    ::dup2(memory_[i], i + 1);
  }
}

OutputCapture::~OutputCapture() {
  std::fflush(nullptr);
  for (const int i : {0, 1}) {
    ::dup2(saved_[i], i + 1);
    ::close(saved_[i]);
    ::close(memory_[i]);
  }
}

std::string OutputCapture::out() const {
  std::fflush(nullptr);
  return content(memory_[0]);
}

std::string OutputCapture::error() const {
  std::fflush(nullptr);
  return content(memory_[1]);
}

}  // namespace earshot::worker
