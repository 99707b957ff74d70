#include "worker/cache/shard.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <system_error>
#include <tuple>

#include <sys/stat.h>
#include <xxhash.h>

namespace earshot::worker {

namespace {

constexpr char magic[] = "EARSHRD2";
constexpr std::size_t fixed_bytes = 32, alignment = 64, checked_from = 16;
constexpr std::uint64_t largest_header = 64u << 20;

std::uint64_t number(std::span<const std::byte> bytes, std::size_t at) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

void expect(bool fits, const char* what) {
  if (!fits) throw BadShard(what);
}

constexpr std::size_t aligned(std::size_t at) {
  return (at + alignment - 1) / alignment * alignment;
}

/// Bytes of a clip's values; all bits set if they would not fit into a file.
std::uint64_t clip_bytes(const ShardHeader& header, const ShardClip& clip) {
  std::uint64_t values = 0, bytes = 0, side = 0;
  if (__builtin_mul_overflow(clip.frames, header.width, &values) ||
      __builtin_mul_overflow(values, header.value_bytes(), &bytes) ||
      __builtin_mul_overflow(clip.side, sizeof(float), &side) ||
      __builtin_add_overflow(bytes, side, &bytes))
    return ~std::uint64_t{0};
  return bytes;
}

void check_header(const ShardHeader& header, std::size_t file_bytes) {
  const bool codes = header.dtype == "int32";
  expect(codes || header.dtype == "float32" || header.dtype == "float16", "an unknown number type");
  expect(header.width >= 1, "a width below 1");
  expect(std::isfinite(header.frame_rate) && header.frame_rate >= 0 &&
             std::isfinite(header.first_frame),
         "an impossible frame rate");
  expect(!codes || header.sizes.size() == static_cast<std::size_t>(header.width),
         "a number of codebooks that does not match their sizes");
  for (const auto& clip : header.clips) {
    if (!clip.lost.empty()) continue;
    expect(clip.frames >= 1, "a clip without frames");
    expect(clip.side >= 0, "a negative size of the side data");
    expect(clip.offset % alignment == 0, "values that are not aligned");
    expect(clip.offset <= file_bytes &&
               clip_bytes(header, clip) <= file_bytes - static_cast<std::size_t>(clip.offset),
           "values beyond the end of the file");
  }
}

}  // namespace

ShardHeader parse_shard(std::span<const std::byte> file) {
  expect(file.size() >= fixed_bytes, "shorter than its fixed fields");
  expect(std::memcmp(file.data(), magic, 8) == 0, "not a shard");
  expect(number(file, 16) == file.size(), "truncated");
  expect(number(file, 8) == XXH3_64bits(file.data() + checked_from, file.size() - checked_from),
         "a wrong checksum");
  const auto header_bytes = number(file, 24);
  expect(header_bytes <= file.size() - fixed_bytes && header_bytes <= largest_header,
         "a header beyond the end of the file");
  const auto* text = reinterpret_cast<const char*>(file.data()) + fixed_bytes;
  ShardHeader header;
  try {
    header = protocol::Json::parse(text, text + header_bytes).get<ShardHeader>();
  } catch (const protocol::Json::exception& error) {
    throw BadShard(std::string("an unreadable header: ") + error.what());
  }
  check_header(header, file.size());
  return header;
}

void write_shard(const std::filesystem::path& file, ShardHeader header,
                 const std::vector<std::span<const std::byte>>& clips) {
  // Offsets are relative to the first clip's until the header's size is known, which depends on the
  // digits of the offsets: room for the longest header is therefore reserved.
  const auto text_of = [&header] { return protocol::Json(header).dump(); };
  const auto reserve = text_of().size() + clips.size() * 20;
  std::size_t at = aligned(fixed_bytes + reserve);
  const std::size_t first = at;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    header.clips[i].offset = at;
    at = aligned(at + clips[i].size());
  }
  const std::size_t file_bytes = at;
  auto text = text_of();
  std::vector<std::byte> head(first);
  const std::array<std::uint64_t, 2> sizes{file_bytes, text.size()};
  std::memcpy(head.data(), magic, 8);
  std::memcpy(head.data() + 16, sizes.data(), 16);
  std::memcpy(head.data() + fixed_bytes, text.data(), text.size());

  static constexpr std::array<std::byte, alignment> zeros{};
  std::vector<std::span<const std::byte>> pieces{head};
  for (const auto& clip : clips) {
    pieces.push_back(clip);
    pieces.push_back(std::span(zeros).first(aligned(clip.size()) - clip.size()));
  }
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              XXH3_freeState);
  XXH3_64bits_reset(state.get());
  XXH3_64bits_update(state.get(), head.data() + checked_from, head.size() - checked_from);
  for (std::size_t i = 1; i < pieces.size(); ++i)
    if (!pieces[i].empty()) XXH3_64bits_update(state.get(), pieces[i].data(), pieces[i].size());
  const std::uint64_t checksum = XXH3_64bits_digest(state.get());
  std::memcpy(head.data() + 8, &checksum, 8);
  write_atomically(file, pieces);
}

Shard::Shard(const std::filesystem::path& file, const std::string& key) try
    : mapping_(file), header_(parse_shard(mapping_.bytes())) {
  expect(header_.key == key, "a shard of something else");
} catch (const std::system_error& error) {
  throw BadShard(error.what());
}

std::shared_ptr<const Shard> open_shard(const std::filesystem::path& file, const std::string& key) {
  using Stamp = std::tuple<ino_t, off_t, time_t, long>;
  static std::map<std::string, std::pair<Stamp, std::shared_ptr<const Shard>>> opened;
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return nullptr;
  const Stamp stamp{info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
  // Shards that are no longer read are dropped in time: each is a mapping, and the system allows a
  // process some 65,000.
  constexpr std::size_t most_kept = 1024;
  if (opened.size() >= most_kept && !opened.contains(file.string()))
    std::erase_if(opened, [](const auto& entry) { return entry.second.second.use_count() < 2; });
  auto& [known, shard] = opened[file.string()];
  if (shard && known == stamp && shard->header().key == key) return shard;
  try {
    shard = std::make_shared<const Shard>(file, key);
    known = stamp;
  } catch (const BadShard&) {
    shard = nullptr;
  }
  return shard;
}

}  // namespace earshot::worker
