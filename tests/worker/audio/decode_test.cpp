#include "worker/audio/decode.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <earshot/error.hpp>

#include "sound_file.hpp"
#include "temporary_folder.hpp"

namespace earshot::worker {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::tone;
using testing::write_sound;

/// The message of the DataError thrown by decode(); "" if it does not throw.
std::string complaint(const std::filesystem::path& file, double start = 0, double duration = 0) {
  try {
    decode(file, start, duration);
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith(file.string() + ": "));
    return error.what();
  }
  return "";
}

void cut(const std::filesystem::path& file, double share) {
  const auto size = static_cast<double>(std::filesystem::file_size(file));
  std::filesystem::resize_file(file, static_cast<std::uintmax_t>(size * share));
}

struct Kind {
  const char* name;
  int format;
  double tolerance;
};

class DecodeKind : public ::testing::TestWithParam<Kind> {};

TEST_P(DecodeKind, gives_back_the_tone_that_was_written) {
  const TemporaryFolder folder;
  const auto wave = tone(16000, 440, 16000);
  write_sound(folder / "x", wave, 16000, 1, GetParam().format);
  const auto sound = decode(folder / "x");
  EXPECT_EQ(sound.sample_rate, 16000);
  ASSERT_EQ(sound.samples.size(), wave.size());
  double worst = 0;
  for (std::size_t n = 0; n < wave.size(); ++n)
    worst = std::max(worst, std::abs(static_cast<double>(sound.samples[n] - wave[n])));
  EXPECT_LE(worst, GetParam().tolerance);
}

TEST_P(DecodeKind, that_is_truncated_is_refused) {
  const TemporaryFolder folder;
  write_sound(folder / "x", tone(48000, 440, 48000), 48000, 1, GetParam().format);
  for (const double share : {0.9, 0.6, 0.3}) {
    cut(folder / "x", share);
    EXPECT_THAT(complaint(folder / "x"),
                ::testing::AnyOf(HasSubstr("truncated"), HasSubstr("not audio")))
        << GetParam().name << " at " << share;
  }
}

constexpr double step16 = 1.0 / 32768, step8 = 1.0 / 128;
INSTANTIATE_TEST_SUITE_P(
    formats, DecodeKind,
    ::testing::Values(Kind{"wav16", SF_FORMAT_WAV | SF_FORMAT_PCM_16, step16},
                      Kind{"wav24", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 1e-6},
                      Kind{"wav8", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, step8},
                      Kind{"wav32", SF_FORMAT_WAV | SF_FORMAT_PCM_32, 1e-6},
                      Kind{"wav_float", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 0},
                      Kind{"wav_double", SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 0},
                      Kind{"wavex", SF_FORMAT_WAVEX | SF_FORMAT_PCM_16, step16},
                      Kind{"rifx", SF_ENDIAN_BIG | SF_FORMAT_WAV | SF_FORMAT_PCM_16, step16},
                      Kind{"rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, step16},
                      Kind{"aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, step16},
                      Kind{"au", SF_FORMAT_AU | SF_FORMAT_PCM_16, step16},
                      Kind{"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 1e-6},
                      Kind{"vorbis", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0.05}),
    [](const auto& entry) { return std::string(entry.param.name); });

TEST(Decode, reads_adpcm_to_its_last_block) {
  const TemporaryFolder folder;
  for (const int codec : {SF_FORMAT_IMA_ADPCM, SF_FORMAT_MS_ADPCM}) {
    write_sound(folder / "x.wav", tone(16000, 440, 16000), 16000, 1, SF_FORMAT_WAV | codec);
    EXPECT_GE(decode(folder / "x.wav").samples.size(), 16000u);
    cut(folder / "x.wav", 0.6);
    EXPECT_THAT(complaint(folder / "x.wav"), HasSubstr("truncated"));
  }
}

TEST(Decode, mixes_channels_to_their_mean) {
  const TemporaryFolder folder;
  write_sound(folder / "x.wav", {0.5f, -0.25f, 1.0f, 0.5f, 0.0f, 0.75f}, 192000, 3,
              SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  const auto sound = decode(folder / "x.wav");
  EXPECT_EQ(sound.sample_rate, 192000);
  ASSERT_EQ(sound.samples.size(), 2u);
  EXPECT_FLOAT_EQ(sound.samples[0], 1.25f / 3);
  EXPECT_FLOAT_EQ(sound.samples[1], 1.25f / 3);
}

TEST(Decode, does_not_clip_samples_beyond_full_scale) {
  const TemporaryFolder folder;
  write_sound(folder / "x.wav", {1.5f, -2.0f}, 16000, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  EXPECT_THAT(decode(folder / "x.wav").samples, ::testing::ElementsAre(1.5f, -2.0f));
}

TEST(Decode, takes_silence_and_a_single_sample) {
  const TemporaryFolder folder;
  write_sound(folder / "silence.wav", std::vector<float>(100), 16000);
  EXPECT_THAT(decode(folder / "silence.wav").samples, ::testing::Each(0.0f));
  write_sound(folder / "one.wav", {0.25f}, 16000);
  EXPECT_THAT(decode(folder / "one.wav").samples, ::testing::ElementsAre(0.25f));
}

TEST(Decode, reads_the_requested_segment) {
  const TemporaryFolder folder;
  const auto wave = tone(16000, 300, 16000);
  for (const int format : {SF_FORMAT_WAV | SF_FORMAT_FLOAT, SF_FORMAT_FLAC | SF_FORMAT_PCM_24}) {
    write_sound(folder / "x", wave, 16000, 1, format);
    const auto sound = decode(folder / "x", 0.25, 0.5);
    ASSERT_EQ(sound.samples.size(), 8000u);
    EXPECT_NEAR(sound.samples[1], wave[4001], 1e-6);
    EXPECT_EQ(decode(folder / "x", 0.75).samples.size(), 4000u);
  }
  EXPECT_EQ(decode(folder / "x", 0.5, 0.54).samples.size(), 8000u);  // rounded in a table
  EXPECT_THAT(complaint(folder / "x", 0.5, 0.6), HasSubstr("ends at 1.1 s; it is 1.0 s long"));
  EXPECT_THAT(complaint(folder / "x", 1), HasSubstr("begins at 1.0 s; it is 1.0 s long"));
  EXPECT_THAT(complaint(folder / "x", -1), HasSubstr("allowed: 0 or more"));
}

TEST(Decode, says_what_is_wrong_with_a_file) {
  const TemporaryFolder folder;
  EXPECT_THAT(complaint(folder / "none.wav"), HasSubstr("no such file"));
  EXPECT_THAT(complaint(folder.path()), HasSubstr("not a file"));
  std::ofstream(folder / "empty.wav").flush();
  EXPECT_THAT(complaint(folder / "empty.wav"), HasSubstr("an empty file"));
  std::filesystem::create_symlink("../.git/annex/objects/x.wav", folder / "link.wav");
  EXPECT_THAT(complaint(folder / "link.wav"),
              HasSubstr("a broken link to ../.git/annex/objects/x.wav"));
  std::ofstream(folder / "pointer.wav") << "version https://git-lfs.github.com/spec/v1\n";
  EXPECT_THAT(complaint(folder / "pointer.wav"), HasSubstr("a Git LFS pointer"));
  std::ofstream(folder / "text.wav") << "this is a text and no audio at all, however long it is\n";
  EXPECT_THAT(complaint(folder / "text.wav"), HasSubstr("not audio"));
  // libsndfile takes these extensions for raw samples.
  std::filesystem::copy_file(folder / "text.wav", folder / "text.snd");
  EXPECT_THAT(complaint(folder / "text.snd"), HasSubstr("not audio"));
  write_sound(folder / "none_inside.wav", {}, 16000);
  EXPECT_THAT(complaint(folder / "none_inside.wav"), HasSubstr("0 samples"));
  write_sound(folder / "slow.wav", {0.1f, 0.2f}, 10);
  EXPECT_THAT(complaint(folder / "slow.wav"), HasSubstr("a sample rate of 10 Hz"));
}

TEST(Decode, refuses_samples_that_are_not_finite) {
  const TemporaryFolder folder;
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    write_sound(folder / "x.wav", {0.5f, 0.25f, bad}, 16000, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    EXPECT_THAT(complaint(folder / "x.wav"), HasSubstr("sample 2 is not a finite number"));
  }
}

TEST(Decode, takes_a_header_that_was_written_to_a_pipe) {
  const TemporaryFolder folder;
  write_sound(folder / "x.wav", tone(1000, 440, 16000), 16000);
  std::fstream file(folder / "x.wav", std::ios::in | std::ios::out | std::ios::binary);
  const std::string unknown = "\xff\xff\xff\xff";
  file.seekp(4);
  file << unknown;
  file.seekp(40);
  file << unknown;
  file.close();
  EXPECT_EQ(decode(folder / "x.wav").samples.size(), 1000u);
}

TEST(Decode, reads_the_real_files_of_unusual_kinds) {
  const auto* given = std::getenv("EARSHOT_DATA");
  const std::filesystem::path data =
      given != nullptr ? given : std::string(EARSHOT_SOURCE_DIR) + "/../shared/data";
  if (!std::filesystem::exists(data / "formats")) GTEST_SKIP() << data << " is not there";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data / "formats")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_NO_THROW({
      const auto sound = decode(entry.path());
      EXPECT_GE(sound.samples.size(), 20u) << entry.path();
    }) << entry.path();
  }
  EXPECT_GE(files, 10);
  for (const auto& entry : std::filesystem::directory_iterator(data / "esc10" / "audio"))
    EXPECT_EQ(decode(entry.path()).samples.size(), 220500u) << entry.path();
}

}  // namespace
}  // namespace earshot::worker
