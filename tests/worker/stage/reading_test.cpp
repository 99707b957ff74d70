#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <earshot/error.hpp>

#include "small_readers.hpp"
#include "stage_test.hpp"
#include "worker/cache/feature_reader.hpp"
#include "worker/stage/features_stage.hpp"
#include "worker/stage/opened.hpp"

// The features stage of encoders that read others.

namespace earshot::worker {
namespace {

using ::testing::HasSubstr;

constexpr protocol::FeatureSpec frames_spec{100, 0.005, 2};

/// A chain: power and zero crossings of frames; units of these; counts of the units beside the
/// frames.
class Reading : public ::testing::Test {
 protected:
  Reading() : frames_(features_request(cache_.path())) {
    units_ = frames_;
    protocol::FeatureSource units{.encoder = component("units"), .key = "units", .codes = true};
    units.encoder.sources = {{.features = frames_spec}};
    units.from = frames_.sources;
    units_.sources = {units};
    counts_ = frames_;
    protocol::FeatureSource counts{.encoder = component("counts"), .key = "counts"};
    counts.encoder.sources = {
        {.codes = protocol::CodeSpec{.frame_rate = 100, .first_frame = 0.005, .sizes = {8}}},
        {.features = frames_spec}};
    counts.from = {units, frames_.sources[0]};
    counts_.sources = {counts};
  }

  static protocol::FeatureResult run(const protocol::FeaturesRequest& request) {
    protocol::FeaturesResult result;
    Events([&](Session& session) { result = features_stage(request, session); });
    return result.encoders.at(0);
  }
  void run_all() const {
    run(frames_);
    run(units_);
    run(counts_);
  }

  template <class Exception>
  static std::string complaint(const protocol::FeaturesRequest& request) {
    try {
      run(request);
    } catch (const Exception& error) {
      return error.what();
    }
    return "";
  }

  const FeatureReader& cached(const protocol::FeaturesRequest& request) const {
    return *open_dataset(request.dataset)->features(request.cache, request.sources[0].key);
  }

  /// The bytes of all shards of a source, with their names.
  std::string shards_of(const protocol::FeaturesRequest& request) const {
    std::string all;
    for (const auto& shard : shards_in(cache_ / "features" / request.sources[0].key))
      all += shard.filename().string() + content(shard);
    return all;
  }

  TemporaryFolder cache_;
  protocol::FeaturesRequest frames_, units_{}, counts_{};
};

TEST_F(Reading, gives_what_readers_make_of_the_clips_one_by_one) {
  run(frames_);
  const auto units = run(units_);
  EXPECT_EQ(units.computed, 240);
  EXPECT_NEAR(units.audio_seconds, 240 * (0.2 + 119.5 / 800), 240 * 0.01);
  EXPECT_FALSE(units.effective_rank);
  const auto counts = run(counts_);
  EXPECT_TRUE(counts.effective_rank);
  const auto& facts = std::get<protocol::ReaderFacts>(counts.facts);
  EXPECT_EQ(facts.spec->dim, 10);
  EXPECT_THAT(facts.reads, ::testing::ElementsAre("codes", "features"));

  auto dataset = open_dataset(frames_.dataset);
  testing::Units alone(Options(testing::Units::options()), {c10::kCPU});
  testing::Counts beside(Options(), {c10::kCPU});
  const auto spec = cached(frames_).feature_spec();
  alone.connect(std::vector<SourceSpec>{spec});
  beside.connect(std::vector<SourceSpec>{alone.code_spec(), spec});
  for (const std::int64_t clip : {0, 15, 16, 63, 64, 239}) {
    const std::vector<SourceBatch> read{cached(frames_).features({clip})};
    const auto codes = alone.read_codes(read);
    EXPECT_TRUE(at::equal(cached(units_).codes({clip}).codes, codes.codes)) << clip;
    const auto counted =
        beside.read(std::vector<SourceBatch>{codes, cached(frames_).features({clip})});
    EXPECT_TRUE(at::allclose(cached(counts_).features({clip}).values, counted.values)) << clip;
  }
}

TEST_F(Reading, gives_the_same_bytes_again_and_computes_nothing_the_second_time) {
  run_all();
  const auto units = shards_of(units_), counts = shards_of(counts_);
  EXPECT_EQ(run(units_).computed, 0);
  EXPECT_EQ(run(counts_).computed, 0);
  std::filesystem::remove_all(cache_ / "features" / "units");
  std::filesystem::remove_all(cache_ / "features" / "counts");
  for (auto* request : {&units_, &counts_})
    request->threads = 1;
  run(units_);
  run(counts_);
  EXPECT_EQ(shards_of(units_), units);
  EXPECT_EQ(shards_of(counts_), counts);
}

TEST_F(Reading, computes_its_damaged_shards_again_from_those_that_it_reads) {
  run_all();
  const auto counts = shards_of(counts_);
  const auto shard = shards_in(cache_ / "features" / "counts").at(1);
  std::filesystem::resize_file(shard, std::filesystem::file_size(shard) - 1);
  const auto computed = run(counts_).computed;
  EXPECT_TRUE(computed == 64 || computed == 48) << computed;
  EXPECT_EQ(shards_of(counts_), counts);
}

TEST_F(Reading, needs_nothing_of_its_sources_where_it_is_done) {
  run_all();
  std::filesystem::remove_all(cache_ / "features" / frames_.sources[0].key);
  std::filesystem::remove_all(cache_ / "features" / "units");
  EXPECT_EQ(run(counts_).computed, 0);
}

TEST_F(Reading, of_what_is_not_in_the_cache_or_damaged_fails_by_name) {
  EXPECT_THAT(complaint<DataError>(units_), HasSubstr("missing in the cache or damaged"));
  run(frames_);
  const auto shard = shards_in(cache_ / "features" / frames_.sources[0].key).at(2);
  std::filesystem::resize_file(shard, 100);
  EXPECT_THAT(complaint<DataError>(units_), HasSubstr(shard.filename().string()));
  run(frames_);
  EXPECT_EQ(complaint<DataError>(units_), "");
}

TEST_F(Reading, loses_the_clips_that_its_sources_have_lost) {
  const TemporaryFolder audio;
  write_tones(audio, 12);
  std::filesystem::remove(audio / "3.wav");
  for (auto* request : {&frames_, &units_}) {
    request->dataset.component = component("tones", {{"folder", audio.path()}, {"items", 24}});
    request->dataset.key = "files";
    request->dataset.allow_lost = 1;
  }
  run(frames_);
  const auto units = run(units_);
  ASSERT_EQ(units.lost.size(), 1u);
  EXPECT_EQ(units.lost[0].file, (audio / "3.wav").string());
  EXPECT_EQ(units.lost[0].reason, "no such file");
  EXPECT_EQ(cached(units_).lost(3), "no such file");
  EXPECT_GT(cached(units_).frames(4), 0);
}

TEST_F(Reading, holds_sources_to_the_spec_that_the_reader_is_connected_to) {
  run(frames_);
  auto request = units_;
  request.sources[0].encoder.sources[0].features->first_frame = 0.01;
  EXPECT_THAT(complaint<ContractError>(request),
              HasSubstr("the features of encoder 'frames' have another spec in the cache"));
}

TEST_F(Reading, needs_sources_that_the_reader_can_read) {
  run(frames_);
  auto request = units_;
  request.sources[0].encoder.sources.clear();
  EXPECT_THAT(complaint<ConfigError>(request), HasSubstr("reads other encoders in place of audio"));
  request.sources[0].encoder.sources = {{.features = frames_spec}, {.features = frames_spec}};
  EXPECT_THAT(complaint<ConfigError>(request), HasSubstr("gets 2 sources; expected 1"));
  request.sources[0].encoder.sources = {
      {.codes = protocol::CodeSpec{.frame_rate = 100, .sizes = {8}}}};
  EXPECT_THAT(complaint<ConfigError>(request),
              HasSubstr("gets the codes of source 1; expected its features"));
  request.sources[0].encoder.sources = {{.features = protocol::FeatureSpec{0, 0, 2}}};
  EXPECT_THAT(complaint<ConfigError>(request), HasSubstr("have no units"));
}

TEST_F(Reading, of_float16_features_is_of_their_values_as_float32) {
  frames_.sources[0].dtype = "float16";
  frames_.sources[0].key = "half";
  units_.sources[0].from = frames_.sources;
  run(frames_);
  run(units_);
  testing::Units alone(Options(testing::Units::options()), {c10::kCPU});
  alone.connect(std::vector<SourceSpec>{cached(frames_).feature_spec()});
  const std::vector<SourceBatch> read{cached(frames_).features({7})};
  EXPECT_TRUE(at::equal(cached(units_).codes({7}).codes, alone.read_codes(read).codes));
}

}  // namespace
}  // namespace earshot::worker
