#include "host/schedule/cache_use.hpp"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

constexpr const char* lock_name = "in-use";

/// Opens the lock file of a key and takes the lock without waiting; -1 if another process holds it.
int lock(const fs::path& folder, int operation) {
  const int fd = ::open((folder / lock_name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return -1;
  if (::flock(fd, operation | LOCK_NB) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

std::vector<CachedFile> cached_files(const fs::path& cache) {
  std::vector<CachedFile> files;
  for (const auto& [folder, ending] :
       {std::pair{"features", ".shard"}, {"pretrained", ".state"}, {"audio", ".flac"}}) {
    std::error_code absent;
    for (const auto& entry : fs::recursive_directory_iterator(cache / folder, absent)) {
      struct stat status {};
      if (entry.path().extension() != ending || ::stat(entry.path().c_str(), &status) != 0)
        continue;
      files.push_back({entry.path(), entry.path().parent_path().filename().string(), status.st_size,
                       std::max(status.st_atime, status.st_mtime)});
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return std::tie(a.used, a.file) < std::tie(b.used, b.file);
  });
  return files;
}

CacheUse::CacheUse(const fs::path& cache, const Plan& plan) {
  std::set<fs::path> folders;
  for (const auto& cell : plan.cells) {
    if (cell.decision != Decision::run) continue;
    for (const auto& features : plan.features_of(cell))
      folders.insert(cache / "features" / plan.features.at(features).source.key);
    if (const auto dataset = plan.datasets.find(cell.dataset_key);
        dataset != plan.datasets.end() && dataset->second.info.synthesized)
      folders.insert(cache / "audio" / cell.dataset_key);
    for (const auto& training : cell.pretrain)
      folders.insert(cache / "pretrained" / training);
  }
  for (const auto& folder : folders) {
    std::error_code ignored;  // writing the features will report a cache that cannot be written
    fs::create_directories(folder, ignored);
    if (const int fd = lock(folder, LOCK_SH); fd >= 0) locks_.push_back(fd);
  }
}

CacheUse::~CacheUse() {
  for (const int fd : locks_)
    ::close(fd);
}

Pruned prune_cache(const fs::path& cache, std::int64_t most, const std::set<std::string>& kept) {
  Pruned pruned;
  const auto files = cached_files(cache);
  for (const auto& file : files)
    pruned.kept += file.bytes;
  std::set<std::string> busy;
  for (const auto& file : files) {
    if (pruned.kept <= most) break;
    if (busy.contains(file.key) || kept.contains(file.key)) continue;
    const int fd = lock(file.file.parent_path(), LOCK_EX);
    if (fd < 0) {
      busy.insert(file.key);
      continue;
    }
    std::error_code error;
    fs::remove(file.file, error);
    ::close(fd);
    if (error)
      throw Failure(ExitCode::usage,
                    file.file.string() + ": cannot be deleted: " + error.message());
    ++pruned.files;
    pruned.bytes += file.bytes;
    pruned.kept -= file.bytes;
  }
  pruned.in_use.assign(busy.begin(), busy.end());
  return pruned;
}

}  // namespace earshot::host
