// How fast probes read features from the cache: 640 clips of 10 s, 100 frames a second, 64 values a
// frame (about 160 MB), batches of 16, every value summed.

#include <filesystem>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "worker/cache/feature_reader.hpp"
#include "worker/cache/shard.hpp"

namespace {

using namespace earshot::worker;

constexpr std::int64_t clips = 640, frames = 1000, width = 64, batch = 16;

/// A cache on disk that is deleted at the end of the program.
class Cache {
 public:
  Cache()
      : folder_(std::filesystem::temp_directory_path() /
                ("earshot-bench-" + std::to_string(::getpid()))) {
    for (std::int64_t i = 0; i < clips; ++i)
      identities_.push_back(std::to_string(i));
    const std::vector<float> values(frames * width, 0.5F);
    const auto keys = shard_keys("source", identities_);
    for (std::size_t shard = 0; shard < keys.size(); ++shard) {
      ShardHeader header{.key = keys[shard], .dtype = "float32", .frame_rate = 100, .width = width};
      header.clips.assign(clips_per_shard, {.frames = frames});
      const std::vector<std::span<const std::byte>> pieces(clips_per_shard,
                                                           std::as_bytes(std::span(values)));
      write_shard(shard_file(folder_, "source", keys[shard]), header, pieces);
    }
  }
  ~Cache() { std::filesystem::remove_all(folder_); }

  FeatureReader reader() const { return {folder_, "source", identities_}; }

 private:
  std::filesystem::path folder_;
  std::vector<std::string> identities_;
};

const Cache& cache() {
  static const Cache cache;
  return cache;
}

void read_features(benchmark::State& state, std::int64_t clips_at_once) {
  at::set_num_threads(1);
  const auto reader = cache().reader();
  for (auto _ : state) {
    for (std::int64_t first = 0; first < clips; first += clips_at_once) {
      std::vector<std::int64_t> numbers;
      for (auto i = first; i < first + clips_at_once; ++i)
        numbers.push_back(i);
      benchmark::DoNotOptimize(reader.features(numbers).values.sum().item<float>());
    }
  }
  state.SetBytesProcessed(state.iterations() * clips * frames * width *
                          std::int64_t{sizeof(float)});
}

void one_clip_at_a_time(benchmark::State& state) {
  read_features(state, 1);
}
void batches_of_16(benchmark::State& state) {
  read_features(state, batch);
}

BENCHMARK(one_clip_at_a_time)->Unit(benchmark::kMillisecond);
BENCHMARK(batches_of_16)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
