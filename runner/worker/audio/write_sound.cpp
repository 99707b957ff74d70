#include "worker/audio/write_sound.hpp"

#include <memory>
#include <string>

#include <sndfile.h>

#include <earshot/error.hpp>

namespace earshot::worker {
namespace {

/// @param command  of libsndfile, and its flag, for how samples are written
void write_sound(const std::filesystem::path& file, std::span<const float> interleaved,
                 SF_INFO info, int command, int flag) {
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> handle(
      ::sf_open(file.c_str(), SFM_WRITE, &info), ::sf_close);
  if (!handle) throw DataError(file.string() + ": " + ::sf_strerror(nullptr));
  ::sf_command(handle.get(), command, nullptr, flag);
  const auto size = static_cast<sf_count_t>(interleaved.size());
  if (::sf_write_float(handle.get(), interleaved.data(), size) != size)
    throw DataError(file.string() + ": " + ::sf_strerror(handle.get()));
}

SF_INFO info_of(std::int64_t sample_rate, std::int64_t channels, int format) {
  SF_INFO info{};
  info.samplerate = static_cast<int>(sample_rate);
  info.channels = static_cast<int>(channels);
  info.format = format;
  return info;
}

}  // namespace

void write_wav(const std::filesystem::path& file, std::span<const float> interleaved,
               std::int64_t sample_rate, std::int64_t channels) {
  // The chunk would contain the time of writing, so equal samples would not give equal files.
  write_sound(file, interleaved, info_of(sample_rate, channels, SF_FORMAT_WAV | SF_FORMAT_FLOAT),
              SFC_SET_ADD_PEAK_CHUNK, SF_FALSE);
}

void write_flac(const std::filesystem::path& file, std::span<const float> samples,
                std::int64_t sample_rate) {
  write_sound(file, samples, info_of(sample_rate, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16),
              SFC_SET_CLIPPING, SF_TRUE);
}

}  // namespace earshot::worker
