#include "worker/stage/features_stage.hpp"

#include <atomic>
#include <cfenv>
#include <limits>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <earshot/error.hpp>

#include "files.hpp"
#include "stage_test.hpp"
#include "worker/audio/made_audio.hpp"
#include "worker/cache/feature_reader.hpp"
#include "worker/stage/opened.hpp"

namespace earshot::worker {
namespace {

using ::testing::HasSubstr;

std::vector<protocol::FeatureResult> run(const protocol::FeaturesRequest& request) {
  protocol::FeaturesResult result;
  Events([&](Session& session) { result = features_stage(request, session); });
  return result.encoders;
}

std::vector<std::string> contents(const std::filesystem::path& folder) {
  std::vector<std::string> all;
  for (const auto& shard : shards_in(folder))
    all.push_back(shard.filename().string() + content(shard));
  return all;
}

template <class Exception = DataError>
std::string complaint(const protocol::FeaturesRequest& request) {
  try {
    run(request);
  } catch (const Exception& error) {
    return error.what();
  }
  return "";
}

TEST(FeaturesStage, keeps_made_audio_where_asked_and_gives_the_same_features_of_it) {
  const TemporaryFolder cache, other;
  auto request = features_request(cache.path());
  request.dataset.key = "made";
  run(request);
  EXPECT_FALSE(std::filesystem::exists(cache / "audio"));

  request.cache = other.path().string();
  request.keep_made_audio = true;
  run(request);
  EXPECT_EQ(shards_in(other / "audio" / "made").size(), 240u);
  EXPECT_EQ(contents(other / "features"), contents(cache / "features"));
  std::filesystem::remove_all(other / "features");
  run(request);
  EXPECT_EQ(contents(other / "features"), contents(cache / "features"));
}

TEST(FeaturesStage, reads_made_audio_that_was_kept_and_makes_anew_what_is_damaged) {
  const TemporaryFolder cache;
  auto request = features_request(cache.path());
  request.dataset.key = "made";
  request.keep_made_audio = true;
  run(request);
  const auto features = contents(cache / "features");
  const auto file = shards_in(cache / "audio").front();
  const auto sound = content(file);

  std::filesystem::remove_all(cache / "features");
  MadeAudio(cache.path(), "made", true).keep(file.stem(), {std::vector<float>(4000, 0.5f), 8000});
  run(request);
  EXPECT_NE(contents(cache / "features"), features);

  std::filesystem::remove_all(cache / "features");
  std::ofstream(file, std::ios::binary) << sound.substr(0, sound.size() / 2);
  run(request);
  EXPECT_EQ(contents(cache / "features"), features);
  EXPECT_EQ(content(file), sound);
}

TEST(FeaturesStage, computes_each_clip_once_and_nothing_the_second_time) {
  const TemporaryFolder cache;
  const auto request = features_request(cache.path());
  const auto first = run(request);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].clips, 240);
  EXPECT_EQ(first[0].computed, 240);
  EXPECT_GT(first[0].bytes, 240 * 20 * 8);
  EXPECT_NEAR(first[0].audio_seconds, 240 * (0.2 + 119.5 / 800), 0.1);
  EXPECT_EQ(protocol::Json(first[0].facts).at("spec").at("dim"), 2);
  EXPECT_EQ(shards_in(cache.path()).size(), 4u);
  const auto second = run(request);
  EXPECT_EQ(second[0].computed, 0);
  EXPECT_EQ(second[0].bytes, first[0].bytes);
}

TEST(FeaturesStage, shares_a_clip_that_several_items_use) {
  const TemporaryFolder cache, audio;
  write_tones(audio, 12);
  const auto request = features_request(cache.path(), {{"folder", audio.path()}, {"items", 24}});
  EXPECT_EQ(run(request)[0].clips, 12);
}

TEST(FeaturesStage, says_where_the_clips_of_each_item_are) {
  const TemporaryFolder cache, audio;
  write_tones(audio, 12);
  auto request = features_request(cache.path(), {{"folder", audio.path()}, {"items", 24}});
  request.dataset.key = "files";
  request.sources[0].key = "frames";
  run(request);
  const auto folder = cache / "features" / "frames";
  const auto index = Json::parse(content(folder / "files.clips"));
  EXPECT_EQ(index.at("shards"), Json({shards_in(folder).at(0).stem().string()}));
  ASSERT_EQ(index.at("items").size(), 24u);
  EXPECT_EQ(index.at("items").at(0), Json::parse("[0]"));
  EXPECT_EQ(index.at("items").at(1), index.at("items").at(0)) << "of the same file";
  EXPECT_EQ(index.at("items").at(12), Json::parse("[6]"));

  request.dataset.limit = 2;
  run(request);
  int limited = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    limited += entry.path().filename().string().starts_with("files-") ? 1 : 0;
  EXPECT_EQ(limited, 1) << "whose items are not all there";
  EXPECT_EQ(Json::parse(content(folder / "files.clips")), index);
}

TEST(FeaturesStage, gives_the_same_bytes_again_with_any_number_of_threads) {
  const TemporaryFolder one, two;
  auto request = features_request(one.path());
  request.threads = 1;
  run(request);
  request.cache = two.path().string();
  request.threads = 2;
  run(request);
  EXPECT_EQ(contents(one.path()), contents(two.path()));
}

TEST(FeaturesStage, has_threads_to_read_clips_with) {
  const int before = at::get_num_threads();
  at::set_num_threads(2);
  std::atomic<int> ranges = 0;
  at::parallel_for(0, 2, 1, [&](std::int64_t, std::int64_t) { ++ranges; });
  at::set_num_threads(before);
  EXPECT_EQ(ranges, 2) << "built without the OpenMP that LibTorch's headers ask for";
}

TEST(FeaturesStage, computes_a_damaged_shard_again_and_no_other) {
  const TemporaryFolder cache;
  const auto request = features_request(cache.path());
  run(request);
  const auto before = contents(cache.path());
  const auto shards = shards_in(cache.path());

  std::filesystem::resize_file(shards[1], std::filesystem::file_size(shards[1]) - 1);
  const auto computed = run(request)[0].computed;
  EXPECT_TRUE(computed == 64 || computed == 48) << computed;
  EXPECT_EQ(contents(cache.path()), before);

  std::fstream file(shards[2], std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(5000);
  const auto byte = static_cast<char>(file.get() ^ 4);
  file.seekp(5000);
  file.put(byte);
  file.close();
  std::filesystem::remove(shards[3]);
  EXPECT_GE(run(request)[0].computed, 64 + 48);
  EXPECT_EQ(contents(cache.path()), before);
}

TEST(FeaturesStage, serves_several_encoders_and_kinds_in_one_pass) {
  const TemporaryFolder cache;
  auto request = features_request(cache.path());
  request.sources.push_back({.encoder = component("frames", {{"rate", 16000}}), .key = "other"});
  request.sources.push_back({.encoder = component("frames"), .key = "half", .dtype = "float16"});
  request.sources.push_back({.encoder = component("frames"), .key = "codes", .codes = true});
  const auto results = run(request);
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[2].computed, 240);

  auto dataset = open_dataset(request.dataset);
  const auto& features = *dataset->features(request.cache, request.sources[0].key);
  const auto& half = *dataset->features(request.cache, "half");
  const auto& codes = *dataset->features(request.cache, "codes");
  const auto batch = features.features({0, 239});
  EXPECT_NO_THROW(batch.check());
  EXPECT_EQ(batch.lengths[0].item<std::int64_t>(), 20);
  EXPECT_TRUE(batch.values[0].slice(0, 20).eq(0).all().item<bool>());
  EXPECT_TRUE(at::allclose(half.features({0, 239}).values, batch.values, 1e-3, 1e-4));
  const auto quantised = codes.codes({0, 239});
  EXPECT_NO_THROW(quantised.check());
  EXPECT_TRUE(at::equal(quantised.codes.select(1, 0).to(at::kFloat),
                        batch.values.select(2, 1).clamp(0, 63)));
  const auto frames = batch.values.size(1);
  EXPECT_TRUE(at::allclose(quantised.side.narrow(1, 0, frames), batch.values.mean(2)));
  EXPECT_TRUE(quantised.side.slice(1, frames).eq(0).all().item<bool>());
}

TEST(FeaturesStage, reports_unreadable_clips_and_fails_beyond_what_is_allowed) {
  const TemporaryFolder cache, audio;
  write_tones(audio, 12);
  std::filesystem::remove(audio / "3.wav");
  std::ofstream(audio / "5.wav") << "no audio";
  auto request = features_request(cache.path(), {{"folder", audio.path()}, {"items", 24}});
  request.dataset.allow_lost = 1;
  const auto message = complaint(request);
  EXPECT_THAT(message, HasSubstr("2 of 12 clips cannot be read; allowed: 1"));
  EXPECT_THAT(message, HasSubstr((audio / "3.wav").string() + ": no such file"));
  EXPECT_THAT(message, HasSubstr((audio / "5.wav").string() + ": not audio"));

  request.dataset.allow_lost = 2;
  const auto result = run(request)[0];
  EXPECT_EQ(result.computed, 0);  // everything that can be read was kept
  ASSERT_EQ(result.lost.size(), 2u);
  EXPECT_EQ(result.lost[0].file, (audio / "3.wav").string());
  EXPECT_EQ(result.lost[0].reason, "no such file");
}

TEST(FeaturesStage, holds_an_encoder_to_its_promises) {
  const TemporaryFolder cache;
  const auto of = [&](const char* defect) {
    return features_request(cache.path(), Json::object(), {{"defect", defect}});
  };
  EXPECT_THAT(complaint<ContractError>(of("nan")),
              HasSubstr("encoder 'frames', clip clip 0 of item 0: features that are not finite"));
  EXPECT_THAT(complaint<ContractError>(of("frames")), HasSubstr("1 frames; duration times"));
  EXPECT_THAT(complaint<ContractError>(of("spec")), HasSubstr("a spec that differs"));
  EXPECT_THAT(complaint(of("throws")), HasSubstr("clip 0 of item 0 and 15 more: it is too loud"));
  EXPECT_TRUE(shards_in(cache.path()).empty());
}

TEST(FeaturesStage, keeps_one_encoder_s_rounding_from_the_features_of_the_others) {
  const TemporaryFolder alone, together;
  run(features_request(alone.path()));
  auto request = features_request(together.path(), Json::object(), {{"defect", "rounds"}});
  request.sources.push_back(features_request(together.path()).sources[0]);
  EXPECT_THAT(complaint<ContractError>(request),
              HasSubstr("encoder 'frames' of stage_fixture.so changed the floating-point "
                        "environment (rounding mode)"));
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
  std::swap(request.sources[0], request.sources[1]);
  complaint<ContractError>(request);
  for (const auto& shard : shards_in(together.path()))
    EXPECT_EQ(content(shard),
              content(alone.path() / std::filesystem::relative(shard, together.path())));
  request.sources = features_request(together.path()).sources;
  run(request);
  EXPECT_EQ(contents(together.path()), contents(alone.path()));
}

TEST(FeaturesStage, gives_an_encoder_that_draws_the_same_numbers_whoever_drew_before) {
  const auto second = [](int others) {
    const TemporaryFolder cache;
    auto request = features_request(cache.path(), Json::object(), {{"defect", "draws"}});
    for (int i = 0; i < others; ++i) {
      request.sources.push_back(request.sources[0]);
      request.sources.back().key += "x";
    }
    run(request);
    return at::rand({1}).item<float>();
  };
  EXPECT_EQ(second(0), second(2));
}

TEST(FeaturesStage, applies_the_audio_policy_of_the_experiment) {
  const TemporaryFolder cache;
  auto request = features_request(cache.path());
  request.sources[0].audio = {{"max_seconds", 0.1}};
  run(request);
  const auto& reader =
      *open_dataset(request.dataset)->features(request.cache, request.sources[0].key);
  EXPECT_EQ(reader.frames(239), 10);
  request.sources[0].audio = {{"crop", "middle"}};
  EXPECT_THROW(run(request), ConfigError);
}

TEST(FeaturesStage, takes_silence_and_a_single_sample) {
  const TemporaryFolder cache, audio;
  for (int i = 0; i < 6; ++i)
    testing::write_sound(audio / (std::to_string(i) + ".wav"),
                         std::vector<float>(i == 0 ? 1 : 8000), 8000);
  const auto result =
      run(features_request(cache.path(), {{"folder", audio.path()}, {"items", 12}}))[0];
  EXPECT_EQ(result.computed, 6);
  EXPECT_TRUE(result.lost.empty());
}

/// Request for the encoder that knows names, with files that are not audio.
protocol::FeaturesRequest named_request(const TemporaryFolder& cache, const TemporaryFolder& audio,
                                        Json encoder = Json::object()) {
  for (int i = 0; i < 12; ++i)
    testing::write(audio / (std::to_string(i) + ".wav"), "no audio " + std::to_string(i));
  auto request = features_request(cache.path(), {{"folder", audio.path()}, {"items", 24}});
  request.sources[0].encoder = component("named", std::move(encoder));
  return request;
}

TEST(FeaturesStage, looks_features_up_by_the_items_of_a_clip_and_opens_no_audio) {
  const TemporaryFolder cache, audio;
  const auto request = named_request(cache, audio);
  const auto result = run(request)[0];
  EXPECT_EQ(result.clips, 12);
  EXPECT_TRUE(result.lost.empty());
  const auto dataset = open_dataset(request.dataset);
  const auto values =
      dataset->features(request.cache, request.sources[0].key)->features({0, 5}).values;
  EXPECT_TRUE(at::equal(values, at::tensor({0.F, 2.F, 10.F, 2.F}).view({2, 1, 2}))) << values;
  EXPECT_EQ(run(request)[0].computed, 0);
}

TEST(FeaturesStage, counts_a_clip_that_cannot_be_looked_up_as_lost) {
  const TemporaryFolder cache, audio;
  auto request = named_request(cache, audio, {{"unknown", "item6"}});
  EXPECT_THAT(complaint(request), HasSubstr("3.wav: no features of item6"));
  request.dataset.allow_lost = 1;
  EXPECT_EQ(run(request)[0].lost.size(), 1u);
}

TEST(FeaturesStage, compares_features_that_were_looked_up_with_the_length_of_the_audio) {
  const TemporaryFolder cache, audio;
  write_tones(audio, 12);  // of 0.1 s and more
  auto request = features_request(cache.path(), {{"folder", audio.path()}, {"items", 24}});
  request.sources[0].encoder = component("named", {{"frame_rate", 10.0}});
  EXPECT_TRUE(run(request)[0].lost.empty()) << "two frames, where one is expected";
  request.sources = {{.encoder = component("named", {{"frame_rate", 100.0}}), .key = "other"}};
  EXPECT_THAT(complaint(request), HasSubstr("2 frames; its 0.1 s have 10.0 at 100.0 Hz"));
}

TEST(FeaturesStage, has_no_codes_of_what_is_looked_up) {
  const TemporaryFolder cache, audio;
  auto request = named_request(cache, audio);
  request.sources[0].codes = true;
  EXPECT_THAT(complaint<Unsupported>(request), HasSubstr("is not a codec"));
}

}  // namespace
}  // namespace earshot::worker
