#include "lengths.hpp"

#include <memory>
#include <vector>

#include <mpg123.h>
#include <sndfile.h>

namespace folder {

namespace {

// A header that gives no length is read as the largest one that the format can express.
constexpr std::int64_t most_frames = std::int64_t{1} << 40;  // a year and more at 32 kHz

std::optional<Length> length_of_mpeg(const std::filesystem::path& file) {
  static const int ready = mpg123_init();
  if (ready != MPG123_OK) return std::nullopt;
  const std::unique_ptr<mpg123_handle, void (*)(mpg123_handle*)> mpeg(mpg123_new(nullptr, nullptr),
                                                                      mpg123_delete);
  long rate = 0;
  int channels = 0, encoding = 0;
  if (!mpeg ||
      mpg123_param(mpeg.get(), MPG123_ADD_FLAGS, MPG123_QUIET | MPG123_GAPLESS, 0) != MPG123_OK ||
      mpg123_open(mpeg.get(), file.c_str()) != MPG123_OK ||
      mpg123_getformat(mpeg.get(), &rate, &channels, &encoding) != MPG123_OK ||
      mpg123_scan(mpeg.get()) != MPG123_OK)
    return std::nullopt;
  const auto frames = static_cast<std::int64_t>(mpg123_length(mpeg.get()));
  if (frames <= 0 || rate <= 0) return std::nullopt;
  return Length{frames, rate};
}

/// Reads all samples that follow.
std::int64_t frames_left(SNDFILE* sound, int channels) {
  constexpr sf_count_t block = 1 << 14;
  std::vector<float> interleaved(static_cast<std::size_t>(block * channels));
  std::int64_t total = 0;
  while (const auto count = sf_readf_float(sound, interleaved.data(), block)) {
    if (count < 0) break;
    total += count;
  }
  return total;
}

}  // namespace

std::optional<Length> length_of(const std::filesystem::path& file) {
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> sound(sf_open(file.c_str(), SFM_READ, &info),
                                                          sf_close);
  if (!sound || info.samplerate <= 0 || info.channels <= 0) return std::nullopt;
  if ((info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG) return length_of_mpeg(file);
  const bool known = info.frames > 0 && info.frames < most_frames;
  const auto frames = known ? info.frames : frames_left(sound.get(), info.channels);
  if (frames <= 0) return std::nullopt;
  return Length{frames, info.samplerate};
}

}  // namespace folder
