#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "protocol/json.hpp"
#include "worker/cache/disk.hpp"

// A shard file: the features or codes of up to 64 clips. Free of LibTorch.
//
//   bytes  0-7   "EARSHRD2"
//          8-15  XXH3-64 of everything that follows
//         16-23  size of the file
//         24-31  size of the JSON header, which follows
// and from the next multiple of 64 on, each beginning at a multiple of 64, the values of the clips.
// Integers are u64, all little-endian.

namespace earshot::worker {

/// A file that is a damaged shard, or not a shard: it is never used, but computed again.
struct BadShard : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ShardClip {
  std::int64_t frames = 0;
  std::int64_t side = 0;     ///< number of float32 values in addition to its codes
  std::uint64_t offset = 0;  ///< of its values in the file
  std::string lost{};        ///< why the clip has none; frames is then 0
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ShardClip, frames, side, offset, lost)

/// What all clips of a shard share, and where each is. A clip's values are features (frames, width)
/// as float32 or float16, or codes (width, frames) as int32, followed by the codec's side data as
/// float32, whose size may depend on the clip's length.
struct ShardHeader {
  std::string key{};    ///< as returned by shard_keys()
  std::string dtype{};  ///< "float32", "float16" or "int32" (codes)
  double frame_rate = 0, first_frame = 0;
  std::int64_t width = 0;             ///< dimensions, or codebooks
  std::vector<std::int64_t> sizes{};  ///< number of entries in each codebook
  std::vector<ShardClip> clips{};

  std::size_t value_bytes() const { return dtype == "float16" ? 2 : 4; }
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ShardHeader, key, dtype, frame_rate, first_frame,
                                                width, sizes, clips)

/// Parses and checks the header of a shard: magic, sizes, checksum, and that every clip's values
/// are within `file`. Accepts arbitrary bytes. @throws BadShard
ShardHeader parse_shard(std::span<const std::byte> file);

/// Writes a shard atomically; clips[i] holds the values of header.clips[i], whose offset is set
/// here.
/// @throws DataError if it cannot be written.
void write_shard(const std::filesystem::path& file, ShardHeader header,
                 const std::vector<std::span<const std::byte>>& clips);

/// A shard in memory. Its pages are loaded when they are touched.
class Shard {
 public:
  /// @throws BadShard, also if the file does not exist or has another key.
  Shard(const std::filesystem::path& file, const std::string& key);

  const ShardHeader& header() const { return header_; }
  const std::byte* values(std::size_t clip) const {
    return mapping_.bytes().data() + header_.clips[clip].offset;
  }
  std::size_t file_bytes() const { return mapping_.bytes().size(); }

 private:
  Mapping mapping_;
  ShardHeader header_;
};

/// A shard that this process has already opened and checked, as long as the file has not changed
/// since; otherwise a newly opened one. Null if there is no usable shard.
std::shared_ptr<const Shard> open_shard(const std::filesystem::path& file, const std::string& key);

}  // namespace earshot::worker
