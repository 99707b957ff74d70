#include "worker/audio/policy.hpp"

#include <cstring>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/hash.hpp"
#include "protocol/versions.hpp"
#include "sound_file.hpp"

namespace earshot::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// At 1000 Hz a sample is a millisecond.
Sound ramp(int samples) {
  Sound sound{{}, 1000};
  for (int n = 0; n < samples; ++n)
    sound.samples.push_back(static_cast<float>(n));
  return sound;
}

AudioNeeds needs(double longest, double shortest = 0, Crop crop = Crop::first,
                 Pad pad = Pad::none) {
  return {.sample_rate = 1000,
          .max_seconds = longest,
          .min_seconds = shortest,
          .crop = crop,
          .pad = pad};
}

TEST(AudioPolicy, crops_what_is_too_long) {
  EXPECT_THAT(prepare(ramp(5), needs(0.003), ""), ElementsAre(0, 1, 2));
  EXPECT_THAT(prepare(ramp(5), needs(0.003, 0, Crop::centre), ""), ElementsAre(1, 2, 3));
  EXPECT_THAT(prepare(ramp(3), needs(0.003, 0, Crop::centre), ""), ElementsAre(0, 1, 2));
  EXPECT_EQ(prepare(ramp(5), needs(0), "").size(), 5u);
}

TEST(AudioPolicy, draws_a_seeded_crop_from_the_identity_of_the_clip) {
  std::set<float> starts;
  for (int clip = 0; clip < 200; ++clip) {
    const auto identity = std::to_string(clip);
    const auto once = prepare(ramp(12), needs(0.003, 0, Crop::seeded), identity);
    ASSERT_EQ(once.size(), 3u);
    EXPECT_EQ(once, prepare(ramp(12), needs(0.003, 0, Crop::seeded), identity));
    starts.insert(once[0]);
  }
  EXPECT_EQ(starts.size(), 10u);
  EXPECT_EQ(*starts.begin(), 0);
  EXPECT_EQ(*starts.rbegin(), 9);
}

TEST(AudioPolicy, pads_what_is_too_short) {
  EXPECT_THAT(prepare(ramp(3), needs(0, 0.005), ""), ElementsAre(0, 1, 2));
  EXPECT_THAT(prepare(ramp(3), needs(0, 0.005, Crop::first, Pad::zero), ""),
              ElementsAre(0, 1, 2, 0, 0));
  EXPECT_THAT(prepare(ramp(3), needs(0, 0.007, Crop::first, Pad::repeat), ""),
              ElementsAre(0, 1, 2, 0, 1, 2, 0));
  EXPECT_EQ(prepare(ramp(9), needs(0, 0.007, Crop::first, Pad::repeat), "").size(), 9u);
}

TEST(AudioPolicy, makes_a_batch_with_mono_on_both_channels) {
  auto stereo = needs(0);
  stereo.channels = 2;
  const auto batch = to_batch({{1, 2, 3}, {4}}, stereo);
  EXPECT_NO_THROW(batch.check());
  EXPECT_EQ(batch.samples.sizes(), (std::vector<std::int64_t>{2, 2, 3}));
  EXPECT_TRUE(at::equal(batch.samples.select(1, 0), batch.samples.select(1, 1)));
  EXPECT_TRUE(at::equal(batch.lengths, at::tensor({3, 1}, at::kLong)));
  EXPECT_TRUE(at::equal(batch.samples[1][0], at::tensor({4.0f, 0.0f, 0.0f})));
}

TEST(AudioPolicy, accepts_overrides_and_refuses_unknown_ones) {
  const auto changed = with_overrides(needs(7), {{"crop", "centre"}, {"min_seconds", 2}});
  EXPECT_EQ(changed.crop, Crop::centre);
  EXPECT_EQ(changed.min_seconds, 2);
  EXPECT_EQ(changed.max_seconds, 7);
  const auto complaint = [](const protocol::Json& overrides) -> std::string {
    try {
      with_overrides({}, overrides);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(complaint({{"crop", "last"}}), HasSubstr("'first', 'centre', 'seeded'"));
  EXPECT_THAT(complaint({{"pad", 3}}), HasSubstr("audio.pad"));
  EXPECT_THAT(complaint({{"max_seconds", -1}}), HasSubstr("audio.max_seconds"));
  EXPECT_THAT(complaint({{"rate", 8000}}), HasSubstr("unknown key 'audio.rate'"));
}

// Cached features depend on these samples. If you change them, increase protocol::audio_version,
// and update this test's hash.
TEST(AudioPolicy, gives_the_samples_of_this_audio_version) {
  std::string bytes;
  for (const std::int64_t rate : {44100, 8000}) {
    const Sound sound{testing::tone(rate / 10, 440, static_cast<double>(rate)), rate};
    const AudioNeeds wanted{.sample_rate = 16000,
                            .max_seconds = 0.06,
                            .min_seconds = 0.05,
                            .crop = Crop::seeded,
                            .pad = Pad::repeat};
    for (const float sample : prepare(sound, wanted, "identity")) {
      // Rounded to 16 bits: another machine's mathematical functions may differ in the last bit.
      const auto rounded = static_cast<std::int16_t>(std::lround(sample * 8192));
      bytes.append(reinterpret_cast<const char*>(&rounded), sizeof rounded);
    }
  }
  EXPECT_EQ(protocol::audio_version, 2);
  EXPECT_EQ(protocol::sha256(std::string_view(bytes)),
            "9108787aa601fa2e372000c743ca4c53bbfc6b10a4b7f8e46e713b49d46f72a0");
}

}  // namespace
}  // namespace earshot::worker
