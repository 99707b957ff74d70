#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include <earshot/features.hpp>

#include "worker/cache/shard.hpp"

namespace earshot::worker {

/// Number of clips in a shard: fixed, so that a dataset that grows at its end keeps its shards.
constexpr std::size_t clips_per_shard = 64;

/// Keys of the shards of clips with these identities: SHA-256 over the source's key and the
/// identities in the shard.
std::vector<std::string> shard_keys(const std::string& source_key,
                                    const std::vector<std::string>& identities);

/// <cache>/features/<source key>/<shard key>.shard
std::filesystem::path shard_file(const std::filesystem::path& cache, const std::string& source_key,
                                 const std::string& shard_key);

/// Features or codes of a dataset's clips by clip number, read directly from the memory-mapped
/// cache.
class FeatureReader {
 public:
  /// @throws DataError if a shard is missing or damaged: features are computed before they are
  /// read.
  FeatureReader(const std::filesystem::path& cache, const std::string& source_key,
                const std::vector<std::string>& identities);

  std::int64_t size() const { return size_; }
  /// Why a clip has no features; "" if it has some.
  const std::string& lost(std::int64_t clip) const;
  std::int64_t frames(std::int64_t clip) const;
  std::int64_t width() const { return header().width; }  ///< values of a frame, or codebooks
  double frame_rate() const { return header().frame_rate; }

  /// @throws Unsupported if the source is of the other kind.
  FeatureSpec feature_spec() const;
  CodeSpec code_spec() const;

  /// The values of clips as one batch on the CPU, zero-padded at the end; likewise the side data of
  /// codes. A single clip of float32 features is not copied: its memory is the file's and must not
  /// be written to. float16 in the cache becomes float32. @throws DataError for a clip that is
  /// lost.
  FeatureBatch features(const std::vector<std::int64_t>& clips) const;
  CodeBatch codes(const std::vector<std::int64_t>& clips) const;

 private:
  struct Place {
    const std::shared_ptr<const Shard>& shard;
    std::size_t index;
    const ShardClip& clip() const { return shard->header().clips[index]; }
    const std::byte* values() const { return shard->values(index); }
  };
  Place place(std::int64_t clip) const;
  Place readable(std::int64_t clip) const;
  at::Tensor lengths(const std::vector<std::int64_t>& clips) const;
  const ShardHeader& header() const { return shards_.front()->header(); }

  std::int64_t size_;
  std::vector<std::shared_ptr<const Shard>> shards_;
};

}  // namespace earshot::worker
