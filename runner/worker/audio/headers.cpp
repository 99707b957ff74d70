#include <algorithm>
#include <charconv>
#include <sstream>

#include "worker/audio/declared.hpp"

// Files with a header followed by samples, the number of which the header usually declares.

namespace earshot::worker {

namespace {

/// Sun's .au: u32 where the samples begin, u32 their bytes; all ones if unknown.
Declared of_au(ByteReader& reader, bool big_endian) {
  constexpr std::uint64_t streamed = 0x7fff0000;  // as in WAV
  const auto begin = reader.number(4, 4, big_endian), size = reader.number(8, 4, big_endian);
  const auto there = reader.after(begin);
  if (size >= streamed && there < size) return {};
  if (size > there) return {lacking("its header", size, there)};
  if (size == 0 && there > 0)
    return {"its length is uncertain: its header declares 0 bytes, but " + std::to_string(there) +
            " are present"};
  if (there > size) return {surplus("its header", size, there - size)};
  return {};
}

/// NIST SPHERE: lines "name -i value" in a header of 1024 bytes, or of the size given in its second
/// line.
Declared of_nist(ByteReader& reader) {
  std::istringstream lines(
      reader.read(0, static_cast<std::size_t>(std::min<std::uint64_t>(reader.size(), 1 << 16))));
  std::string line;
  while (std::getline(lines, line) && !line.starts_with("end_head")) {
    constexpr std::string_view name = "sample_count -i ";
    if (!line.starts_with(name)) continue;
    std::int64_t frames = -1;
    std::from_chars(line.data() + name.size(), line.data() + line.size(), frames);
    return {.frames = frames};
  }
  return {};
}

/// Creative's .voc: blocks with a type and a u24 size; libsndfile reads the first one with sound.
Declared of_voc(ByteReader& reader) {
  Declared declared;
  int with_sound = 0;
  bool extended = false;  // a block of type 8 describes the samples of the next one
  for (auto at = reader.number(20, 2, false); at < reader.size();) {
    const auto type = reader.number(at, 1, false);
    if (type == 0) break;
    const auto size = reader.number(at + 1, 3, false), there = reader.after(at + 4);
    if (size > there) return {lacking("a block", size, there)};
    if (type == 1 || type == 2 || type == 9) {
      const auto bits = type == 9 ? reader.number(at + 8, 1, false) : 8;
      const auto channels = type == 9 ? reader.number(at + 9, 1, false) : 1;
      const auto head = type == 9 ? 12U : type == 1 ? 2U : 0U;
      if (bits >= 8 && channels >= 1 && size >= head)
        declared.frames = static_cast<std::int64_t>((size - head) / (bits / 8 * channels));
      ++with_sound;
    }
    extended = extended || type == 8;
    at += 4 + size;
  }
  if (with_sound > 1)
    return {"its length is uncertain: it has " + std::to_string(with_sound) +
            " blocks of sound, and only the first would be read"};
  if (extended) declared.frames = -1;
  return declared;
}

/// MIDI sample dumps: a header of 21 bytes, then packets of 127 bytes with 7-bit words; libsndfile
/// fills missing packets with zeros.
Declared of_midi(ByteReader& reader) {
  const auto bits = reader.number(6, 1, false);
  std::uint64_t words = 0;
  for (int i = 2; i >= 0; --i)
    words = words << 7 | reader.number(10 + static_cast<std::uint64_t>(i), 1, false);
  const auto in_packet = 120 / std::max<std::uint64_t>(1, (bits + 6) / 7);
  const auto declared = 21 + (words + in_packet - 1) / std::max<std::uint64_t>(1, in_packet) * 127;
  if (declared > reader.size()) return {lacking("its header", declared, reader.size())};
  if (declared < reader.size()) return {surplus("its header", declared, reader.after(declared))};
  return {};
}

/// MATLAB 4: consecutive matrices, each with a header of five u32 (type, rows, columns, whether
/// there is an imaginary part, length of the name), a name, and numbers.
Declared of_matlab_4(ByteReader& reader, bool big_endian) {
  constexpr std::uint64_t bytes[] = {8, 4, 4, 2, 2, 1};
  for (std::uint64_t at = 0; reader.after(at) >= 20;) {
    const auto type = reader.number(at, 4, big_endian) / 10 % 10;
    const auto rows = reader.number(at + 4, 4, big_endian);
    const auto columns = reader.number(at + 8, 4, big_endian);
    at += 20 + reader.number(at + 16, 4, big_endian);
    const auto size = rows * columns * bytes[std::min<std::uint64_t>(type, 5)];
    if (size > reader.after(at)) return {lacking("a matrix", size, reader.after(at))};
    at += size;
  }
  return {};
}

}  // namespace

Declared declared_by_header(ByteReader& reader) {
  const auto head = reader.read(0, std::min<std::uint64_t>(reader.size(), 32));
  const auto frames_at = [&](std::uint64_t at, bool big_endian) {
    return Declared{.frames = static_cast<std::int64_t>(reader.number(at, 4, big_endian))};
  };
  if (head.starts_with(".snd")) return of_au(reader, true);
  if (head.starts_with("dns.")) return of_au(reader, false);
  if (head.starts_with("NIST_1A")) return of_nist(reader);
  if (head.starts_with("Creative Voice File")) return of_voc(reader);
  if (head.starts_with("2BIT")) return frames_at(26, true);
  if (head.starts_with("ALawSoundFile**")) return frames_at(18, true);
  if (head.starts_with("\x01\x04") && reader.number(21, 1, false) <= 1) return frames_at(30, false);
  if (head.starts_with("\xf0\x7e")) return of_midi(reader);
  if (head.starts_with(std::string("\0\0\x03\xe8", 4)) ||
      head.starts_with(std::string("\0\0\0\0\0\0\0\1", 8)))
    return of_matlab_4(reader, true);
  if (head.starts_with(std::string("\0\0\0\0\1\0\0\0", 8))) return of_matlab_4(reader, false);
  if (head.starts_with("fLaC")) {  // 36 bits after the sizes and the sample format
    const auto frames = reader.number(21, 5, true) & 0xfffffffff;
    return {.frames = frames == 0 ? -1 : static_cast<std::int64_t>(frames)};
  }
  return {};
}

}  // namespace earshot::worker
