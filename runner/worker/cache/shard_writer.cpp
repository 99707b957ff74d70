#include "worker/cache/shard_writer.hpp"

#include <utility>

namespace earshot::worker {

ShardWriter::ShardWriter(std::function<void(const std::set<std::size_t>&)> check,
                         std::function<void(const ComputedShard&)> written)
    : check_(std::move(check)), written_(std::move(written)) {}

void ShardWriter::add(ComputedShard shard) {
  for (const auto& values : shard.values)
    bytes_ += values.size();
  waiting_.push_back(std::move(shard));
  constexpr std::size_t most_bytes = 256 << 20;
  if (bytes_ > most_bytes || Clock::now() - written_at_ >= 9 * check_took_) write();
}

void ShardWriter::write() {
  if (waiting_.empty()) return;
  const auto begun = Clock::now();
  std::set<std::size_t> sources;
  for (const auto& shard : waiting_)
    sources.insert(shard.source);
  check_(sources);
  check_took_ = Clock::now() - begun;
  while (!waiting_.empty()) {
    auto& shard = waiting_.front();
    const std::vector<std::span<const std::byte>> values(shard.values.begin(), shard.values.end());
    write_shard(shard.file, shard.header, values);
    written_(shard);
    waiting_.pop_front();
  }
  bytes_ = 0;
  written_at_ = Clock::now();
}

}  // namespace earshot::worker
