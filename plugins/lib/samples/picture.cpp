#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include <lib/samples/picture.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/log_mel.hpp>

namespace earshot::kit {

namespace {

constexpr std::int64_t bands = 64, gap = 4;  // rows
constexpr double range = 80;                 // dB
constexpr std::uint8_t white = 255;

LogMel analyser(std::int64_t sample_rate) {
  // Windows of 32 to 64 ms, the usual length for speech and sounds alike.
  std::int64_t n_fft = 256;
  while (n_fft * 1000 < sample_rate * 32)
    n_fft *= 2;
  return LogMel({.sample_rate = sample_rate,
                 .spectrogram = {.n_fft = n_fft, .window = n_fft, .hop = n_fft / 4},
                 .mels = bands,
                 .top_db = 0});
}

/// Writes one spectrogram whose lowest band is row `bottom`.
void draw(const std::vector<float>& decibels, double loudest, std::int64_t bottom,
          Picture& picture) {
  const auto frames = static_cast<std::int64_t>(decibels.size()) / bands;
  for (std::int64_t t = 0; t < std::min(frames, picture.width); ++t)
    for (std::int64_t band = 0; band < bands; ++band) {
      const auto level = decibels[static_cast<std::size_t>(t * bands + band)];
      const auto share = std::clamp((level - loudest) / range + 1, 0.0, 1.0);
      picture.pixels[static_cast<std::size_t>((bottom - band) * picture.width + t)] =
          static_cast<std::uint8_t>(share * white);
    }
}

}  // namespace

Picture spectrograms(std::span<const float> above, std::span<const float> below,
                     std::int64_t sample_rate) {
  const auto mel = analyser(sample_rate);
  const auto decibels = [&](std::span<const float> samples) {
    std::vector<float> values(
        static_cast<std::size_t>(mel.frames(static_cast<std::int64_t>(samples.size())) * bands));
    mel.compute(samples, values.data());
    return values;
  };
  const auto first = decibels(above), second = decibels(below);
  const auto loudest = *std::max_element(first.begin(), first.end());
  Picture picture{.width = static_cast<std::int64_t>(std::max(first.size(), second.size())) / bands,
                  .height = 2 * bands + gap};
  picture.pixels.assign(static_cast<std::size_t>(picture.width * picture.height), 0);
  std::fill_n(picture.pixels.begin() + bands * picture.width, gap * picture.width, white);
  draw(first, loudest, bands - 1, picture);
  draw(second, loudest, picture.height - 1, picture);
  return picture;
}

namespace {

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

/// The checksum of chunks, by the table-less form of the PNG specification's appendix.
std::uint32_t crc(const std::string& bytes) {
  std::uint32_t sum = 0xFFFFFFFF;
  for (const char byte : bytes) {
    sum ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit)
      sum = (sum & 1) != 0 ? 0xEDB88320 ^ (sum >> 1) : sum >> 1;
  }
  return ~sum;
}

std::string chunk(const std::string& type, const std::string& content) {
  const auto body = type + content;
  return big_endian(static_cast<std::uint32_t>(content.size())) + body + big_endian(crc(body));
}

/// A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4).
std::string stored(const std::string& content) {
  constexpr std::size_t largest = 65535;
  std::string stream("\x78\x01", 2);
  for (std::size_t start = 0; start < content.size(); start += largest) {
    const auto length = std::min(largest, content.size() - start);
    stream += static_cast<char>(start + length == content.size());
    for (const auto word : {length, ~length})
      for (int shift = 0; shift <= 8; shift += 8)
        stream += static_cast<char>(word >> shift & 0xFF);
    stream += content.substr(start, length);
  }
  std::uint32_t a = 1, b = 0;  // Adler-32
  for (const char byte : content) {
    a = (a + static_cast<std::uint8_t>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  return stream + big_endian(b << 16 | a);
}

}  // namespace

void write_png(const std::filesystem::path& file, const Picture& picture) {
  std::string rows;
  const auto* pixels = reinterpret_cast<const char*>(picture.pixels.data());
  const auto width = static_cast<std::size_t>(picture.width);
  for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y) {
    rows += '\0';  // not filtered
    rows.append(pixels + y * width, width);
  }
  const std::string eight_bits_grey("\x08\0\0\0\0", 5);
  const auto header = big_endian(static_cast<std::uint32_t>(picture.width)) +
                      big_endian(static_cast<std::uint32_t>(picture.height)) + eight_bits_grey;
  std::ofstream out(file, std::ios::binary);
  out << "\x89PNG\r\n\x1A\n"
      << chunk("IHDR", header) << chunk("IDAT", stored(rows)) << chunk("IEND", "");
  if (!out.flush()) throw DataError("cannot write '" + file.string() + "'; is the disk full?");
}

}  // namespace earshot::kit
