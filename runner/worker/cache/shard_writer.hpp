#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <set>
#include <vector>

#include "worker/cache/shard.hpp"

namespace earshot::worker {

struct ComputedShard {
  std::size_t source = 0;  ///< which of the encoders at work gave it
  std::filesystem::path file{};
  ShardHeader header{};
  std::vector<std::vector<std::byte>> values{};  ///< by clip
};

/// Writes shards once it is known that what they were computed from has not changed. To know that
/// can take longer than to compute a shard: the stamps of a folder with many files are read. So
/// shards wait in memory until checks take less than a tenth of the time, or until they have
/// 256 MiB.
class ShardWriter {
 public:
  /// @param check    throws if what shards of these sources were computed from has changed
  /// @param written  told of each shard that has been written
  ShardWriter(std::function<void(const std::set<std::size_t>& sources)> check,
              std::function<void(const ComputedShard&)> written);

  /// Writes all that wait, if it is time.
  void add(ComputedShard shard);

  /// @throws what `check` throws, or DataError if a shard cannot be written; those not written yet
  /// still wait.
  void write();

 private:
  using Clock = std::chrono::steady_clock;

  std::function<void(const std::set<std::size_t>&)> check_;
  std::function<void(const ComputedShard&)> written_;
  std::deque<ComputedShard> waiting_{};
  std::size_t bytes_ = 0;
  Clock::duration check_took_{};
  Clock::time_point written_at_ = Clock::now();
};

}  // namespace earshot::worker
