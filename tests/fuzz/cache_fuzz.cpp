// Arbitrary bytes are either a shard of the feature cache or refused; every value of a shard can be
// read.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include <xxhash.h>

#include "worker/cache/shard.hpp"

namespace {

using namespace earshot::worker;

void read_all(std::span<const std::byte> file) {
  try {
    const auto header = parse_shard(file);
    unsigned sum = 0;
    for (const auto& clip : header.clips) {
      if (!clip.lost.empty()) continue;
      const auto bytes =
          static_cast<std::uint64_t>(clip.frames * header.width) * header.value_bytes() +
          static_cast<std::uint64_t>(clip.side) * sizeof(float);
      for (std::uint64_t i = 0; i < bytes; ++i)
        sum += static_cast<unsigned>(file[clip.offset + i]);
    }
    static volatile unsigned sink = 0;
    sink = sum;
  } catch (const BadShard&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_all({reinterpret_cast<const std::byte*>(data), size});
  // The fuzzer cannot guess a checksum: also tries the bytes as a header, with everything that
  // precedes it.
  std::string file = "EARSHRD2" + std::string(24, '\0');
  file.append(reinterpret_cast<const char*>(data), size).append(256, '\0');
  const std::uint64_t file_bytes = file.size(), header_bytes = size;
  std::memcpy(file.data() + 16, &file_bytes, 8);
  std::memcpy(file.data() + 24, &header_bytes, 8);
  const std::uint64_t checksum = XXH3_64bits(file.data() + 16, file.size() - 16);
  std::memcpy(file.data() + 8, &checksum, 8);
  read_all(std::as_bytes(std::span(file)));
  return 0;
}
