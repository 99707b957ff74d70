#include "worker/cache/shard.hpp"

#include <cstring>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include "temporary_folder.hpp"
#include "worker/cache/feature_reader.hpp"
#include "worker/cache/verify.hpp"

namespace earshot::worker {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::vector<std::byte> bytes_of(const std::vector<float>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

/// A shard of three clips, the second of which is lost.
void write_example(const std::filesystem::path& file, const std::string& key = "key") {
  const ShardHeader header{.key = key,
                           .dtype = "float32",
                           .frame_rate = 12.5,
                           .first_frame = 0.04,
                           .width = 2,
                           .clips = {{.frames = 1}, {.lost = "no such file"}, {.frames = 3}}};
  const auto first = bytes_of({1, 2}), third = bytes_of({3, 4, 5, 6, 7, 8});
  write_shard(file, header, {first, {}, third});
}

std::string read(const std::filesystem::path& file) {
  std::ostringstream all;
  all << std::ifstream(file, std::ios::binary).rdbuf();
  return all.str();
}

std::string complaint(const std::string& bytes) {
  try {
    parse_shard(std::as_bytes(std::span(bytes)));
  } catch (const BadShard& error) {
    return error.what();
  }
  return "";
}

TEST(Shard, returns_what_was_written_aligned_to_64_bytes) {
  const TemporaryFolder folder;
  write_example(folder / "x.shard");
  const Shard shard(folder / "x.shard", "key");
  EXPECT_EQ(shard.header().frame_rate, 12.5);
  EXPECT_EQ(shard.header().first_frame, 0.04);
  EXPECT_EQ(shard.header().clips[1].lost, "no such file");
  ASSERT_EQ(shard.header().clips[2].frames, 3);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(shard.values(2)) % 64, 0u);
  EXPECT_EQ(std::memcmp(shard.values(2), bytes_of({3, 4, 5, 6, 7, 8}).data(), 24), 0);
}

TEST(Shard, refuses_every_truncation_every_flipped_byte_and_another_key) {
  const TemporaryFolder folder;
  write_example(folder / "x.shard");
  const auto whole = read(folder / "x.shard");
  ASSERT_EQ(complaint(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_NE(complaint(whole.substr(0, size)), "") << size;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    ASSERT_NE(complaint(flipped), "") << at;
  }
  EXPECT_THROW(Shard(folder / "x.shard", "other"), BadShard);
  EXPECT_THROW(Shard(folder / "none.shard", "key"), BadShard);
}

/// A shard with this header and a correct checksum.
std::string with_header(const std::string& header, std::uint64_t header_bytes) {
  std::string file = "EARSHRD2" + std::string(24, '\0') + header + std::string(64, '\0');
  const std::uint64_t size = file.size();
  std::memcpy(file.data() + 16, &size, 8);
  std::memcpy(file.data() + 24, &header_bytes, 8);
  const std::uint64_t sum = XXH3_64bits(file.data() + 16, file.size() - 16);
  std::memcpy(file.data() + 8, &sum, 8);
  return file;
}

TEST(Shard, refuses_inconsistent_headers) {
  const auto of = [](const std::string& header) {
    return complaint(with_header(header, header.size()));
  };
  EXPECT_THAT(of("{"), HasSubstr("unreadable header"));
  EXPECT_THAT(of("[]"), HasSubstr("unreadable header"));
  EXPECT_THAT(of(R"({"dtype": "int8", "width": 1})"), HasSubstr("number type"));
  EXPECT_THAT(of(R"({"dtype": "float32", "width": -1})"), HasSubstr("width"));
  EXPECT_THAT(of(R"({"dtype": "float32", "width": 1, "frame_rate": -1})"), HasSubstr("frame rate"));
  EXPECT_THAT(of(R"({"dtype": "int32", "width": 2, "sizes": [4]})"), HasSubstr("codebooks"));
  const auto clip = [&](const std::string& text) {
    return of(R"({"dtype": "float32", "width": 4611686018427387904, "clips": [)" + text + "]}");
  };
  EXPECT_THAT(clip(R"({"frames": 0, "offset": 0})"), HasSubstr("without frames"));
  EXPECT_THAT(clip(R"({"frames": 1, "offset": 3})"), HasSubstr("aligned"));
  EXPECT_THAT(clip(R"({"frames": 1, "side": -1, "offset": 0})"), HasSubstr("side data"));
  EXPECT_THAT(clip(R"({"frames": 4, "offset": 0})"), HasSubstr("beyond the end"));
  EXPECT_THAT(clip(R"({"frames": 1, "offset": 6400})"), HasSubstr("beyond the end"));
  EXPECT_THAT(complaint(with_header("{}", ~std::uint64_t{0})), HasSubstr("beyond the end"));
  EXPECT_NE(of(std::string(1'000'000, '[')), "");
}

TEST(OpenShard, checks_a_file_again_only_when_it_has_changed) {
  const TemporaryFolder folder;
  write_example(folder / "x.shard");
  const auto shard = open_shard(folder / "x.shard", "key");
  ASSERT_NE(shard, nullptr);
  EXPECT_EQ(open_shard(folder / "x.shard", "key"), shard);
  EXPECT_EQ(open_shard(folder / "x.shard", "other"), nullptr);
  EXPECT_NE(open_shard(folder / "x.shard", "key"), nullptr);
  std::filesystem::resize_file(folder / "x.shard", 100);
  EXPECT_EQ(open_shard(folder / "x.shard", "key"), nullptr);
  write_example(folder / "x.shard");
  EXPECT_NE(open_shard(folder / "x.shard", "key"), nullptr);
  std::filesystem::remove(folder / "x.shard");
  EXPECT_EQ(open_shard(folder / "x.shard", "key"), nullptr);
}

// Regression: every shard that was ever read stayed mapped until the process ended.
TEST(OpenShard, drops_mappings_of_shards_that_are_no_longer_read) {
  const TemporaryFolder folder;
  write_example(folder / "x.shard");
  const auto held = open_shard(folder / "x.shard", "key");
  constexpr int shards = 2000;
  for (int i = 0; i < shards; ++i) {
    const auto file = folder / (std::to_string(i) + ".shard");
    std::filesystem::copy_file(folder / "x.shard", file);
    ASSERT_NE(open_shard(file, "key"), nullptr);
  }
  std::ifstream maps("/proc/self/maps");
  int mapped = 0;
  for (std::string line; std::getline(maps, line);)
    mapped += line.ends_with(".shard");
  EXPECT_LT(mapped, 1100);
  EXPECT_EQ(open_shard(folder / "x.shard", "key"), held);
}

TEST(VerifyCache, counts_shards_and_names_the_bad_ones) {
  const TemporaryFolder cache;
  EXPECT_EQ(verify_cache(cache.path()).shards, 0);
  for (const std::string key : {"a", "b", "c"})
    write_example(shard_file(cache.path(), "source", key), key);
  const auto bad = shard_file(cache.path(), "source", "b");
  std::filesystem::resize_file(bad, 70);
  const auto result = verify_cache(cache.path());
  EXPECT_EQ(result.shards, 3);
  EXPECT_EQ(result.bad, std::vector{bad.string()});
  EXPECT_EQ(static_cast<std::uintmax_t>(result.bytes),
            2 * std::filesystem::file_size(shard_file(cache.path(), "source", "a")));
}

}  // namespace
}  // namespace earshot::worker
