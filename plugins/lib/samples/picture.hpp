#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace earshot::kit {

/// A grey picture, row by row from the top; 0 is black.
struct Picture {
  std::int64_t width = 0, height = 0;
  std::vector<std::uint8_t> pixels{};
};

/// Log-mel spectrograms of two recordings at the same rate, the first above the second: time to the
/// right, low frequencies at the bottom of each, 80 dB from black to white, which is the loudest
/// value of the first one.
Picture spectrograms(std::span<const float> above, std::span<const float> below,
                     std::int64_t sample_rate);

/// Writes a PNG file (ISO/IEC 15948), not compressed. @throws DataError if it cannot be written.
void write_png(const std::filesystem::path& file, const Picture& picture);

}  // namespace earshot::kit
