#include <cmath>
#include <numbers>
#include <sstream>

#include <gmock/gmock.h>
#include <lib/samples/picture.hpp>

#include <earshot/error.hpp>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot::kit;

std::vector<float> tone(double hertz, double seconds) {
  std::vector<float> samples(static_cast<std::size_t>(16000 * seconds));
  for (std::size_t n = 0; n < samples.size(); ++n)
    samples[n] = static_cast<float>(
        0.5 * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(n) / 16000));
  return samples;
}

/// The row of the brightest pixel in the middle of the upper or the lower spectrogram.
std::int64_t brightest(const Picture& picture, std::int64_t first, std::int64_t last) {
  std::int64_t best = first;
  const auto at = [&](std::int64_t y) {
    return picture.pixels[static_cast<std::size_t>(y * picture.width + picture.width / 2)];
  };
  for (auto y = first; y < last; ++y)
    if (at(y) > at(best)) best = y;
  return best;
}

TEST(Picture, has_low_frequencies_at_the_bottom_and_the_original_above) {
  const auto picture = spectrograms(tone(4000, 0.5), tone(300, 0.5), 16000);
  EXPECT_EQ(picture.height, 132);
  EXPECT_LT(brightest(picture, 0, 64), 30);
  EXPECT_GT(brightest(picture, 68, 132), 115);
}

TEST(Picture, is_black_where_the_second_recording_is_80_dB_softer) {
  const auto loud = tone(1000, 0.5);
  const std::vector<float> silent(loud.size());
  const auto picture = spectrograms(loud, silent, 16000);
  const auto lower = picture.pixels.begin() + 68 * picture.width;
  EXPECT_EQ(*std::max_element(lower, picture.pixels.end()), 0);
}

std::uint32_t number(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

TEST(Picture, is_written_as_png) {
  const earshot::testing::TemporaryFolder folder;
  // More than one stored block of 65,535 bytes.
  Picture picture{.width = 300, .height = 250, .pixels = {}};
  for (int i = 0; i < 300 * 250; ++i)
    picture.pixels.push_back(static_cast<std::uint8_t>(i * 7));
  write_png(folder / "a.png", picture);
  const auto bytes = earshot::testing::text_of(folder / "a.png");
  EXPECT_EQ(bytes.substr(0, 8), "\x89PNG\r\n\x1A\n");
  EXPECT_EQ(bytes.substr(12, 4), "IHDR");
  EXPECT_EQ(number(bytes, 16), 300u);
  EXPECT_EQ(number(bytes, 20), 250u);
  // CRC-32 of "IEND", which every PNG file ends with.
  EXPECT_EQ(number(bytes, bytes.size() - 4), 0xAE426082u);
  const auto data = 33 + 8;  // signature, IHDR, then length and type
  EXPECT_EQ(bytes.substr(data - 4, 4), "IDAT");
  const auto rows = std::size_t{301 * 250};
  EXPECT_EQ(number(bytes, data - 8), 2 + rows + 2 * 5 + 4) << "header, two blocks, checksum";
}

TEST(Picture, says_where_it_cannot_be_written) {
  EXPECT_THAT([] { write_png("/nowhere/a.png", {}); },
              ::testing::ThrowsMessage<earshot::DataError>(::testing::HasSubstr("/nowhere/a.png")));
}

}  // namespace
