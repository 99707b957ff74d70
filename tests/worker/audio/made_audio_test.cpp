#include "worker/audio/made_audio.hpp"

#include <fstream>
#include <random>

#include <gmock/gmock.h>
#include <sndfile.h>

#include "temporary_folder.hpp"

namespace earshot::worker {
namespace {

namespace fs = std::filesystem;

class MadeAudioTest : public ::testing::Test {
 protected:
  static Sound noise(std::int64_t rate, std::size_t length, float size) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> value(-size, size);
    Sound sound{std::vector<float>(length), rate};
    for (auto& sample : sound.samples)
      sample = value(random);
    return sound;
  }
  fs::path file(const std::string& name) const {
    return cache_ / "audio" / "dataset" / (name + ".flac");
  }

  earshot::testing::TemporaryFolder cache_;
  MadeAudio made_{cache_.path(), "dataset", true};
};

TEST_F(MadeAudioTest, is_restored_bit_for_bit) {
  for (const auto rate : {1000, 8000, 24000, 44100, 192000, 655350})
    for (const std::size_t length : {1, 17, 4096, 70001}) {
      const auto sound = noise(rate, length, length % 2 == 0 ? 0.01f : 7.3f);
      made_.keep("clip", sound);
      const auto found = made_.find("clip");
      ASSERT_TRUE(found) << rate << " Hz, " << length;
      EXPECT_EQ(found->sample_rate, rate);
      EXPECT_EQ(found->samples, sound.samples);
    }
}

TEST_F(MadeAudioTest, is_restored_bit_for_bit_however_loud_or_quiet_its_samples_are) {
  const Sound sound{{0, 0.1f, -1e-9f, 1e-12f, 0x1.fffffep-4f, -0x1.fffffep-4f, 0x1.8p-60f}, 8000};
  made_.keep("clip", sound);
  ASSERT_TRUE(made_.find("clip"));
  EXPECT_EQ(made_.find("clip")->samples, sound.samples);
  made_.keep("silence", {std::vector<float>(100, 0.0f), 8000});
  ASSERT_TRUE(made_.find("silence"));
  EXPECT_EQ(made_.find("silence")->samples, std::vector<float>(100, 0.0f));
}

TEST_F(MadeAudioTest, has_the_sound_in_its_first_channel) {
  const Sound sound{{0.5f, -0.25f, 0.0f, 0.75f}, 8000};
  made_.keep("clip", sound);
  SF_INFO info{};
  SNDFILE* opened = sf_open(file("clip").c_str(), SFM_READ, &info);
  ASSERT_NE(opened, nullptr);
  std::vector<float> samples(12);
  EXPECT_EQ(sf_readf_float(opened, samples.data(), 4), 4);
  sf_close(opened);
  EXPECT_EQ(samples, (std::vector<float>{0.5f, 0, 0, -0.25f, 0, 0, 0, 0, 0, 0.75f, 0, 0}));
}

TEST_F(MadeAudioTest, that_flac_cannot_hold_is_not_kept) {
  for (auto sound : {noise(700000, 100, 0.5f), Sound{{}, 8000}, Sound{{1, -0.0f}, 8000},
                     Sound{{1, 1e-30f}, 8000}}) {
    made_.keep("clip", sound);
    EXPECT_FALSE(fs::exists(file("clip")));
  }
}

TEST_F(MadeAudioTest, is_found_but_not_kept_in_read_only_mode) {
  const MadeAudio reader(cache_.path(), "dataset", false);
  reader.keep("clip", noise(8000, 100, 0.5f));
  EXPECT_FALSE(fs::exists(file("clip")));
  made_.keep("clip", noise(8000, 100, 0.5f));
  EXPECT_TRUE(reader.find("clip"));
  EXPECT_FALSE(MadeAudio().find("clip"));
}

TEST_F(MadeAudioTest, is_never_another_sound_whatever_byte_is_damaged) {
  const auto sound = noise(8000, 600, 0.9f);
  made_.keep("clip", sound);
  std::string bytes;
  {
    std::ifstream stream(file("clip"), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(stream), {});
  }
  const auto found_in = [&](const std::string& content) {
    std::ofstream(file("clip"), std::ios::binary) << content;
    return made_.find("clip");
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    const auto found = found_in(damaged).value_or(sound);
    EXPECT_EQ(found.samples, sound.samples) << i;
    EXPECT_EQ(found.sample_rate, 8000) << i;
  }
  for (std::size_t size = 0; size < bytes.size(); size += 7)
    EXPECT_FALSE(found_in(bytes.substr(0, size))) << size;
}

TEST_F(MadeAudioTest, is_counted_and_damaged_files_are_named) {
  made_.keep("good", noise(8000, 100, 0.5f));
  made_.keep("bad", noise(8000, 100, 0.5f));
  std::ofstream(file("bad"), std::ios::binary) << "fLaC";
  const auto checked = MadeAudio::check(cache_.path());
  EXPECT_EQ(checked.files, 2);
  EXPECT_EQ(checked.bytes, static_cast<std::int64_t>(fs::file_size(file("good"))));
  EXPECT_THAT(checked.damaged, ::testing::ElementsAre(file("bad")));
}

}  // namespace
}  // namespace earshot::worker
