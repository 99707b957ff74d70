#include "worker/cache/feature_reader.hpp"

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"

namespace earshot::worker {
namespace {

using testing::TemporaryFolder;

std::vector<std::string> identities(int clips) {
  std::vector<std::string> result;
  for (int i = 0; i < clips; ++i)
    result.push_back("clip" + std::to_string(i));
  return result;
}

/// Writes features of `clips` clips; clip i has i % 5 + 1 times `frames` frames with the value i.
void write_features(const std::filesystem::path& cache, int clips, std::int64_t frames,
                    std::int64_t width) {
  const auto keys = shard_keys("source", identities(clips));
  for (std::size_t shard = 0; shard < keys.size(); ++shard) {
    ShardHeader header{.key = keys[shard], .dtype = "float32", .frame_rate = 50, .width = width};
    std::vector<std::vector<float>> values;
    std::vector<std::span<const std::byte>> pieces;
    const auto first = static_cast<int>(shard * clips_per_shard);
    for (int i = first; i < std::min(clips, first + static_cast<int>(clips_per_shard)); ++i) {
      header.clips.push_back({.frames = (i % 5 + 1) * frames});
      values.emplace_back(static_cast<std::size_t>(header.clips.back().frames * width),
                          static_cast<float>(i));
    }
    for (const auto& clip : values)
      pieces.push_back(std::as_bytes(std::span(clip)));
    write_shard(shard_file(cache, "source", keys[shard]), header, pieces);
  }
}

TEST(ShardKeys, depend_only_on_the_source_and_on_the_clips_in_the_shard) {
  const auto few = shard_keys("source", identities(130)),
             more = shard_keys("source", identities(200));
  ASSERT_EQ(few.size(), 3u);
  ASSERT_EQ(more.size(), 4u);
  EXPECT_EQ(few[0], more[0]);
  EXPECT_EQ(few[1], more[1]);
  EXPECT_NE(few[2], more[2]);
  EXPECT_NE(shard_keys("other", identities(130))[0], few[0]);
}

TEST(FeatureReader, pads_a_batch_and_does_not_copy_a_single_clip) {
  const TemporaryFolder cache;
  write_features(cache.path(), 130, 2, 3);
  const FeatureReader reader(cache.path(), "source", identities(130));
  const auto batch = reader.features({129, 64, 1});
  EXPECT_NO_THROW(batch.check());
  EXPECT_EQ(batch.spec, (FeatureSpec{.frame_rate = 50, .dim = 3}));
  EXPECT_TRUE(at::equal(batch.lengths, at::tensor({10, 10, 4}, at::kLong)));
  EXPECT_TRUE(batch.values[1].eq(64).all().item<bool>());
  EXPECT_TRUE(batch.values[2].slice(0, 0, 4).eq(1).all().item<bool>());
  EXPECT_TRUE(batch.values[2].slice(0, 4).eq(0).all().item<bool>());

  const auto once = reader.features({7}), again = reader.features({7});
  EXPECT_EQ(once.values.const_data_ptr(), again.values.const_data_ptr());
  EXPECT_TRUE(once.values.eq(7).all().item<bool>());
  EXPECT_THROW(reader.codes({7}), Unsupported);
}

TEST(FeatureReader, keeps_the_file_in_memory_for_tensors_that_outlive_it) {
  const TemporaryFolder cache;
  write_features(cache.path(), 3, 1, 4);
  at::Tensor values;
  {
    const FeatureReader reader(cache.path(), "source", identities(3));
    values = reader.features({2}).values;
  }
  std::filesystem::remove_all(cache / "features");
  EXPECT_TRUE(values.eq(2).all().item<bool>());
}

TEST(FeatureReader, reads_codes_with_their_side_values_if_the_first_shard_is_all_lost) {
  const TemporaryFolder cache;
  const auto keys = shard_keys("source", identities(66));
  ShardHeader header{.key = keys[0], .dtype = "int32", .frame_rate = 50, .width = 2};
  header.sizes = {8, 4};
  header.clips.assign(clips_per_shard, {.lost = "no such file"});
  write_shard(shard_file(cache.path(), "source", keys[0]), header,
              std::vector<std::span<const std::byte>>(clips_per_shard));
  header.key = keys[1];
  header.clips = {{.frames = 2, .side = 2}, {.frames = 1, .side = 1}};
  // Two levels of codes, then floats with the bits of these integers, more for the longer clip.
  const std::vector<std::int32_t> long_clip{7, 6, 3, 2, 0x3f800000, 0x3f000000},
      short_clip{1, 0, 0x40000000};
  write_shard(shard_file(cache.path(), "source", keys[1]), header,
              {std::as_bytes(std::span(long_clip)), std::as_bytes(std::span(short_clip))});

  const FeatureReader reader(cache.path(), "source", identities(66));
  EXPECT_EQ(reader.lost(5), "no such file");
  const auto batch = reader.codes({65, 64});
  EXPECT_NO_THROW(batch.check());
  EXPECT_EQ(batch.spec.sizes, (std::vector<std::int64_t>{8, 4}));
  EXPECT_TRUE(
      at::equal(batch.codes, at::tensor({1, 0, 0, 0, 7, 6, 3, 2}, at::kLong).view({2, 2, 2})));
  EXPECT_TRUE(at::equal(batch.side, at::tensor({2.0f, 0.0f, 1.0f, 0.5f}).view({2, 2})));
  EXPECT_THROW(reader.codes({5}), DataError);
  EXPECT_THROW(reader.features({64}), Unsupported);
}

TEST(FeatureReader, refuses_a_missing_and_a_damaged_shard) {
  const TemporaryFolder cache;
  write_features(cache.path(), 130, 2, 3);
  EXPECT_THROW(FeatureReader(cache.path(), "source", identities(131)), DataError);
  const auto file = shard_file(cache.path(), "source", shard_keys("source", identities(130))[1]);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  EXPECT_THROW(FeatureReader(cache.path(), "source", identities(130)), DataError);
}

}  // namespace
}  // namespace earshot::worker
