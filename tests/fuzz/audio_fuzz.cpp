// Arbitrary bytes are either a recording or refused with a DataError; nothing else happens.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include <earshot/error.hpp>

#include "worker/audio/decode.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto file =
      std::filesystem::temp_directory_path() / ("audio-fuzz-" + std::to_string(::getpid()));
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  for (const double start : {0.0, 0.01}) {
    try {
      const auto sound = earshot::worker::decode(file, start, start * 2);
      if (sound.samples.empty() || sound.sample_rate < earshot::worker::lowest_rate) std::abort();
      for (const float sample : sound.samples)
        if (!std::isfinite(sample)) std::abort();
    } catch (const earshot::DataError&) {
    }
  }
  earshot::worker::declared_seconds(file);
  std::filesystem::remove(file);
  return 0;
}
