#include "host/schedule/cache_use.hpp"

#include <gmock/gmock.h>
#include <utime.h>

#include "small_plan.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// A shard of 1000 bytes that was used at `time`.
fs::path shard(const TemporaryFolder& cache, const std::string& key, const std::string& name,
               std::time_t time) {
  const auto file = cache.path() / "features" / key / (name + ".shard");
  fs::create_directories(file.parent_path());
  std::ofstream(file) << std::string(1000, 'x');
  const utimbuf times{time, time};
  utime(file.c_str(), &times);
  return file;
}

TEST(Cache, is_pruned_by_last_use) {
  const TemporaryFolder cache;
  const auto newer = shard(cache, "k1", "a", 2'000'000);
  const auto oldest = shard(cache, "k1", "b", 1'000'000);
  const auto newest = shard(cache, "k2", "c", 3'000'000);
  const auto pruned = prune_cache(cache.path(), 2000);
  EXPECT_EQ(pruned.files, 1);
  EXPECT_EQ(pruned.bytes, 1000);
  EXPECT_EQ(pruned.kept, 2000);
  EXPECT_FALSE(fs::exists(oldest));
  EXPECT_TRUE(fs::exists(newer));
  EXPECT_TRUE(fs::exists(newest));
}

TEST(Cache, keeps_what_a_running_plan_reads) {
  const TemporaryFolder cache;
  const auto used = shard(cache, "source-log_mel", "a", 1'000'000);
  const auto other = shard(cache, "source-mfcc", "b", 2'000'000);
  SmallPlan small;
  small.add("log_mel", "room");
  {
    const CacheUse use(cache.path(), small.plan);
    const auto pruned = prune_cache(cache.path(), 0);
    EXPECT_TRUE(fs::exists(used));
    EXPECT_FALSE(fs::exists(other));
    EXPECT_THAT(pruned.in_use, ::testing::ElementsAre("source-log_mel"));
  }
  prune_cache(cache.path(), 0);
  EXPECT_FALSE(fs::exists(used));
}

TEST(Cache, keeps_what_the_encoder_of_a_running_plan_reads) {
  const TemporaryFolder cache;
  const auto read = shard(cache, "source-log_mel", "a", 1'000'000);
  SmallPlan small;
  small.add("log_mel", "room").decision = Decision::cached;
  small.add_reader("units", {"log_mel"}, "room");
  const CacheUse use(cache.path(), small.plan);
  prune_cache(cache.path(), 0);
  EXPECT_TRUE(fs::exists(read));
}

TEST(Cache, keeps_what_the_encoder_of_a_running_plan_learns_from) {
  const TemporaryFolder cache;
  const auto learnt_from = shard(cache, "source-mfcc", "a", 1'000'000);
  SmallPlan small;
  small.add("mel", "room").decision = Decision::cached;
  small.add("mfcc", "room", 0, "other").decision = Decision::cached;
  const auto other = small.plan.cells.back().features;
  small.add_trained_reader("units", {"mel"}, "room");
  small.plan.pretrain.begin()->second.sources = {other};
  const CacheUse use(cache.path(), small.plan);
  prune_cache(cache.path(), 0);
  EXPECT_TRUE(fs::exists(learnt_from));
}

TEST(Cache, keeps_pretrained_encoders_that_are_asked_to_stay_or_run) {
  const TemporaryFolder cache;
  const auto encoder = [&](const std::string& key) {
    const auto file = cache.path() / "pretrained" / key / "encoder.state";
    fs::create_directories(file.parent_path());
    std::ofstream(file) << std::string(1000, 'x');
    return file;
  };
  const auto running = encoder("pretrain-net"), stored = encoder("stored"), idle = encoder("idle");
  EXPECT_EQ(cached_files(cache.path()).size(), 3u);
  SmallPlan small;
  small.add_pretrained("net", "room");
  const CacheUse use(cache.path(), small.plan);
  const auto pruned = prune_cache(cache.path(), 0, {"stored"});
  EXPECT_EQ(pruned.files, 1);
  EXPECT_TRUE(fs::exists(running));
  EXPECT_TRUE(fs::exists(stored));
  EXPECT_FALSE(fs::exists(idle));
}

TEST(Cache, counts_the_audio_that_datasets_made) {
  const TemporaryFolder cache;
  fs::create_directories(cache / "audio" / "dataset");
  std::ofstream(cache / "audio" / "dataset" / "clip.flac") << "sound";
  const auto files = cached_files(cache.path());
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].key, "dataset");
  EXPECT_EQ(prune_cache(cache.path(), 0).bytes, 5);
}

TEST(Cache, that_is_absent_is_empty) {
  EXPECT_TRUE(cached_files("/nonexistent/cache").empty());
  EXPECT_EQ(prune_cache("/nonexistent/cache", 0).files, 0);
}

}  // namespace
}  // namespace earshot::host
