#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "protocol/stamp.hpp"

namespace earshot::worker {

/// What scans of whole files found. Many clips may be stretches of one file, so a file is scanned
/// once in a process, even if several threads ask at the same time, until its stamp changes. A file
/// that was just written is scanned again, since its stamp may not show the next change.
template <class Found>
class Scans {
 public:
  /// @param kept number of files to remember; the one that was asked for longest ago is forgotten
  explicit Scans(std::size_t kept = 256) : kept_(kept) {}

  /// What scan() returns for the file. Errors that it throws are not remembered.
  template <class Scan>
  std::shared_ptr<const Found> of(const std::filesystem::path& file, const Scan& scan) {
    const auto stamp = protocol::stamp_of(file);
    const auto entry = entry_of(file);
    const std::lock_guard lock(entry->mutex);
    if (entry->found && stamp && entry->stamp == *stamp) return entry->found;
    auto found = std::make_shared<const Found>(scan());
    ++count_;
    const bool stays = stamp && stamp->settled() && protocol::stamp_of(file) == stamp;
    entry->found = stays ? found : nullptr;
    entry->stamp = stamp.value_or(protocol::Stamp{});
    return found;
  }

  /// Number of scans that ended, for tests.
  std::int64_t count() const { return count_; }

 private:
  struct Entry {
    std::mutex mutex{};  ///< held during a scan
    protocol::Stamp stamp{};
    std::shared_ptr<const Found> found{};
    std::uint64_t used = 0;  ///< when it was asked for last
  };

  std::shared_ptr<Entry> entry_of(const std::filesystem::path& file) {
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[file.native()];
    if (!entry) entry = std::make_shared<Entry>();
    entry->used = ++clock_;
    const auto result = entry;
    if (entries_.size() > kept_) forget_oldest();
    return result;
  }

  void forget_oldest() {
    auto oldest = entries_.begin();
    for (auto it = entries_.begin(); it != entries_.end(); ++it)
      if (it->second->used < oldest->second->used) oldest = it;
    entries_.erase(oldest);
  }

  std::size_t kept_;
  std::mutex mutex_{};
  std::map<std::string, std::shared_ptr<Entry>> entries_{};
  std::uint64_t clock_ = 0;
  std::atomic<std::int64_t> count_ = 0;
};

}  // namespace earshot::worker
