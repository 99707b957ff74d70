#pragma once
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <numbers>
#include <stdexcept>
#include <vector>

#include <sndfile.h>

namespace earshot::testing {

/// Writes interleaved samples with libsndfile; `format` is a combination of its SF_FORMAT_ values.
inline void write_sound(const std::filesystem::path& file, const std::vector<float>& interleaved,
                        int rate, int channels = 1, int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = channels;
  info.format = format;
  SNDFILE* sound = sf_open(file.c_str(), SFM_WRITE, &info);
  if (sound == nullptr) throw std::runtime_error(sf_strerror(nullptr));
  const auto frames = static_cast<sf_count_t>(interleaved.size()) / channels;
  const auto written = sf_writef_float(sound, interleaved.data(), frames);
  sf_close(sound);
  if (written != frames) throw std::runtime_error("a sound was not written");
}

struct ReadSound {
  std::vector<float> interleaved{};
  int rate = 0, channels = 0, format = 0;
};

/// The content of a file as read by libsndfile.
inline ReadSound read_sound(const std::filesystem::path& file) {
  SF_INFO info{};
  SNDFILE* sound = sf_open(file.c_str(), SFM_READ, &info);
  if (sound == nullptr) throw std::runtime_error(file.string() + ": " + sf_strerror(nullptr));
  ReadSound read{std::vector<float>(static_cast<std::size_t>(info.frames * info.channels)),
                 info.samplerate, info.channels, info.format};
  sf_readf_float(sound, read.interleaved.data(), info.frames);
  sf_close(sound);
  return read;
}

/// Half-scale sine.
inline std::vector<float> tone(std::int64_t samples, double hz, double rate) {
  std::vector<float> wave(static_cast<std::size_t>(samples));
  for (std::size_t n = 0; n < wave.size(); ++n)
    wave[n] = static_cast<float>(
        0.5 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(n) / rate));
  return wave;
}

}  // namespace earshot::testing
