#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sndfile.h>

#include "sound_file.hpp"
#include "temporary_folder.hpp"

// Files whose bytes tests of reading audio change.

namespace earshot::worker {

using testing::TemporaryFolder;
using testing::write_sound;

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void put(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

/// Noise without repetitions, quiet at first and then loud.
inline std::vector<float> noise(std::size_t samples = 24000) {
  std::vector<float> wave(samples);
  std::uint32_t state = 1;
  float last = 0;
  for (std::size_t n = 0; n < samples; ++n) {
    state = state * 1664525 + 1013904223;
    last = 0.9f * last + 0.1f * (static_cast<float>(state >> 8) / (1 << 23) - 1);
    wave[n] = last * (n < samples / 2 ? 0.01f : 0.6f);
  }
  return wave;
}

/// MP3 with a variable bit rate, low at first and then high.
inline std::string mpeg(const TemporaryFolder& folder, std::size_t samples) {
  SF_INFO info{};
  info.samplerate = 44100;
  info.channels = 1;
  info.format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III;
  SNDFILE* sound = sf_open((folder / "x.mp3").c_str(), SFM_WRITE, &info);
  if (sound == nullptr) return "";
  int mode = SF_BITRATE_MODE_VARIABLE;
  sf_command(sound, SFC_SET_BITRATE_MODE, &mode, sizeof mode);
  const auto wave = noise(samples);
  sf_writef_float(sound, wave.data(), static_cast<sf_count_t>(samples));
  sf_close(sound);
  return bytes_of(folder / "x.mp3");
}

}  // namespace earshot::worker
