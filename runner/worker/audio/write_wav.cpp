#include "worker/audio/write_wav.hpp"

#include <memory>
#include <string>

#include <sndfile.h>

#include <earshot/error.hpp>

namespace earshot::worker {

void write_wav(const std::filesystem::path& file, std::span<const float> interleaved,
               std::int64_t sample_rate, std::int64_t channels) {
  SF_INFO info{};
  info.samplerate = static_cast<int>(sample_rate);
  info.channels = static_cast<int>(channels);
  info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> handle(
      ::sf_open(file.c_str(), SFM_WRITE, &info), ::sf_close);
  if (!handle) throw DataError(file.string() + ": " + ::sf_strerror(nullptr));
  // The chunk would contain the time of writing, so equal samples would not give equal files.
  ::sf_command(handle.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
  const auto size = static_cast<sf_count_t>(interleaved.size());
  if (::sf_write_float(handle.get(), interleaved.data(), size) != size)
    throw DataError(file.string() + ": " + ::sf_strerror(handle.get()));
}

}  // namespace earshot::worker
