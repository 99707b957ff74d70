#include "worker/audio/write_sound.hpp"

#include <gmock/gmock.h>

#include <earshot/error.hpp>

#include "files.hpp"
#include "sound_file.hpp"
#include "temporary_folder.hpp"

namespace earshot::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(WriteSound, as_flac_has_16_bits_and_clips_what_is_louder_than_they_can_say) {
  const earshot::testing::TemporaryFolder folder;
  write_flac(folder / "a.flac", std::vector<float>{0, 0.5F, -2, 2}, 22050);
  const auto read = earshot::testing::read_sound(folder / "a.flac");
  EXPECT_EQ(read.rate, 22050);
  EXPECT_EQ(read.channels, 1);
  EXPECT_EQ(read.format & SF_FORMAT_SUBMASK, SF_FORMAT_PCM_16);
  EXPECT_THAT(read.interleaved, ElementsAre(0, 0.5F, -1, 32767.0F / 32768));
}

TEST(WriteSound, of_equal_samples_gives_equal_files) {
  const earshot::testing::TemporaryFolder folder;
  const auto samples = earshot::testing::tone(4000, 440, 16000);
  for (const auto* name : {"a", "b"}) {
    write_flac(folder / (name + std::string(".flac")), samples, 16000);
    write_wav(folder / (name + std::string(".wav")), samples, 16000);
  }
  for (const auto* ending : {".flac", ".wav"})
    EXPECT_EQ(earshot::testing::text_of(folder / ("a" + std::string(ending))),
              earshot::testing::text_of(folder / ("b" + std::string(ending))));
}

TEST(WriteSound, says_which_file_cannot_be_written) {
  EXPECT_THAT([] { write_flac("/nowhere/a.flac", std::vector<float>{0}, 16000); },
              ThrowsMessage<DataError>(HasSubstr("/nowhere/a.flac")));
}

}  // namespace
}  // namespace earshot::worker
