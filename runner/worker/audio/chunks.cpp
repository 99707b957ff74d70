#include <algorithm>
#include <cctype>
#include <optional>

#include "worker/audio/declared.hpp"

// Files made of chunks: RIFF (WAV) in its three forms, AIFF, 8SVX, Sony's W64, Apple's CAF, MATLAB
// 5.

namespace earshot::worker {

namespace {

// Programs that write to a pipe leave a size near the maximum here, which carries no information.
constexpr std::uint64_t unknown_32 = 0xffffffff;

/// How a file is divided into chunks, each with an id, a size and data.
struct Layout {
  std::uint64_t begin = 12;      ///< offset of the first chunk
  std::size_t id = 4, size = 4;  ///< bytes of the id and of the size
  bool big_endian = false;
  std::uint64_t alignment = 2;         ///< chunks are padded to
  bool counts_itself = false;          ///< the size includes the header of the chunk
  std::uint64_t unknown = unknown_32;  ///< size that means "up to the end of the file"
  std::string samples{};               ///< id of the chunk that holds the samples

  std::uint64_t head() const { return id + size; }
  std::string name() const { return "its '" + samples.substr(0, 4) + "' chunk"; }
};

struct Chunk {
  std::string id{};
  std::uint64_t begin = 0, size = 0;  ///< of the content
  std::uint64_t end(const Layout& layout) const {
    return begin + (size + layout.alignment - 1) / layout.alignment * layout.alignment;
  }
};

std::optional<Chunk> chunk_at(ByteReader& reader, const Layout& layout, std::uint64_t at) {
  const auto head = reader.read(at, layout.head());
  if (head.empty()) return std::nullopt;
  Chunk chunk{head.substr(0, layout.id), at + layout.head(),
              number(std::string_view(head).substr(layout.id), layout.big_endian)};
  if (layout.counts_itself) chunk.size -= std::min(chunk.size, layout.head());
  return chunk;
}

/// Tags that programs append to any kind of file, and padding.
bool is_tag(ByteReader& reader, std::uint64_t at) {
  const auto begin = reader.read(at, 3), longer = reader.read(at, 8);
  if (begin == "TAG" || begin == "ID3" || longer == "APETAGEX" || longer == "LYRICSBE") return true;
  for (; at < reader.size(); at += 4096) {
    const auto block = reader.read(at, std::min<std::uint64_t>(4096, reader.after(at)));
    if (std::any_of(block.begin(), block.end(), [](char c) { return c != 0; })) return false;
  }
  return true;
}

bool is_printable(const std::string& id) {
  return std::all_of(id.begin(), id.end(),
                     [](unsigned char letter) { return std::isprint(letter) != 0; });
}

/// The first byte that belongs to no chunk; the file's size if all is well.
std::uint64_t end_of_chunks(ByteReader& reader, const Layout& layout, std::uint64_t at) {
  while (at < reader.size()) {
    const auto chunk = chunk_at(reader, layout, at);
    const bool text = chunk && (layout.id > 4 || is_printable(chunk->id));
    if (!text || chunk->size > reader.after(chunk->begin))
      return is_tag(reader, at) ? reader.size() : at;
    at = chunk->end(layout);
  }
  return reader.size();
}

/// If a WAV grew beyond 32 bits, or its writer died, the size is 0 or near the maximum.
bool is_unknown(ByteReader& reader, const Layout& layout, const Chunk& chunk) {
  if (chunk.size == layout.unknown) return true;
  if (layout.size > 4 || layout.id > 4) return false;
  const auto near = [&](std::uint64_t most) {
    return chunk.size <= most && chunk.size >= most - 0xffff;
  };
  if ((near(0x7fffffff) || near(0xffffffff)) && reader.after(chunk.begin) < chunk.size) return true;
  // 0 bytes of samples followed by other chunks are an empty recording; followed by other bytes, a
  // recording that was never closed
  return chunk.size == 0 && end_of_chunks(reader, layout, chunk.begin) != reader.size();
}

/// For W64: computed from the size of the samples and the bytes per frame, which the first chunk
/// states.
std::int64_t frames_of_w64(ByteReader& reader, const Layout& layout, const Chunk& samples) {
  const auto format = chunk_at(reader, layout, layout.begin);
  if (!format || !format->id.starts_with("fmt ")) return -1;
  const auto coding = reader.number(format->begin, 2, false);
  const auto frame = reader.number(format->begin + 12, 2, false);
  const bool plain = coding == 1 || coding == 3 || coding == 6 || coding == 7;
  return plain && frame > 0 ? static_cast<std::int64_t>(samples.size / frame) : -1;
}

/// Whether a later chunk holds samples, too.
bool has_more_samples(ByteReader& reader, const Layout& layout, const Chunk& samples) {
  for (auto at = samples.end(layout); at < reader.size();) {
    const auto chunk = chunk_at(reader, layout, at);
    if (!chunk || chunk->size > reader.after(chunk->begin)) return false;
    if (chunk->id == layout.samples) return true;
    at = chunk->end(layout);
  }
  return false;
}

/// Compares the declared size of the chunk of samples with what follows it.
/// @param coding  WAV's number for the coding of the samples
Declared check_samples(ByteReader& reader, const Layout& layout, const Chunk& samples,
                       std::uint64_t coding) {
  const auto name = layout.name();
  const auto there = reader.after(samples.begin);
  if (is_unknown(reader, layout, samples)) {
    const bool riff = samples.size == 0 && layout.samples == "data";
    return {.empty_size_at = riff ? static_cast<std::int64_t>(samples.begin - layout.size) : -1};
  }
  if (samples.size > there) return {lacking(name, samples.size, there)};
  // Some programs omit the byte that pads an odd size. Leftover bytes too short for a chunk are
  // ignored.
  const auto end = std::max(end_of_chunks(reader, layout, samples.end(layout)),
                            end_of_chunks(reader, layout, samples.begin + samples.size));
  if (reader.after(end) >= layout.head()) return {surplus(name, samples.size, reader.after(end))};
  if (has_more_samples(reader, layout, samples))
    return {"its length is uncertain: it has another chunk like " + name +
            ", and only one would be read"};
  if (layout.samples == "BODY") {
    const auto width = reader.read(8, 4) == "16SV" ? 2 : 1;
    return {.frames = static_cast<std::int64_t>(samples.size) / width, .certain = true};
  }
  // libsndfile counts the byte that pads GSM blocks as another block.
  constexpr std::uint64_t gsm = 0x31, block_bytes = 65, block_samples = 320;
  if (layout.id == 4 && coding == gsm)
    return {.frames = static_cast<std::int64_t>(samples.size / block_bytes * block_samples),
            .certain = true};
  if (layout.id == 4) return {};
  const auto frames = frames_of_w64(reader, layout, samples);
  const auto behind = reader.after(samples.end(layout));
  if (frames < 0 && behind > 0) return {surplus(name, samples.size, behind)};
  return {.frames = frames, .certain = true};
}

/// Why the size of a sample is uncertain, in a WAV of plain samples: libsndfile believes the number
/// of bits, whatever the bytes of a block of one sample per channel say. An impossible number of
/// bytes, which some programs write, is ignored.
std::string format_fault(ByteReader& reader, const Layout& layout, const Chunk& format) {
  const auto field = [&](std::uint64_t at) {
    return reader.number(format.begin + at, 2, layout.big_endian);
  };
  const auto channels = field(2), block = field(12), bits = field(14);
  // The extensible format names the coding further behind. A-law and mu-law are bytes, whatever is
  // declared.
  const auto coding = field(0) == 0xfffe ? field(24) : field(0);
  const bool plain = coding == 1 || coding == 3;
  if (!plain || channels == 0 || block == 0 || block % channels != 0) return {};
  const auto bytes = block / channels;
  if (bytes == (bits + 7) / 8 || (bytes == 4 && bits == 24) || bytes > 8) return {};
  return "its length is uncertain: its 'fmt ' chunk declares samples of " + std::to_string(bits) +
         " bits in blocks of " + std::to_string(block) + " bytes for " + std::to_string(channels) +
         (channels == 1 ? " channel" : " channels") + ". Write the file again";
}

Declared samples_in_chunks(ByteReader& reader, const Layout& layout) {
  std::uint64_t long_size = 0;  // RF64: size of the data chunk, from the chunk ds64
  std::uint64_t coding = 0;
  for (auto at = layout.begin;;) {
    auto chunk = chunk_at(reader, layout, at);
    if (!chunk) return {"truncated: " + layout.name() + " is missing"};
    if (chunk->id == "ds64") long_size = reader.number(chunk->begin + 8, 8, false);
    if (chunk->id == "fmt ") {
      coding = reader.number(chunk->begin, 2, layout.big_endian);
      if (auto fault = format_fault(reader, layout, *chunk); !fault.empty())
        return {std::move(fault)};
    }
    if (chunk->id == layout.samples) {
      if (chunk->size == unknown_32 && long_size > 0) chunk->size = long_size;
      return check_samples(reader, layout, *chunk, coding);
    }
    const auto there = reader.after(chunk->begin);
    if (chunk->size > there)
      return {lacking("its '" + chunk->id.substr(0, 4) + "' chunk", chunk->size, there)};
    at = chunk->end(layout);
  }
}

/// AIFF's COMM chunk has the number of samples (for IMA 4 in AIFC, the number of packets).
std::int64_t frames_of_aiff(ByteReader& reader, const Layout& layout) {
  for (auto at = layout.begin;;) {
    const auto chunk = chunk_at(reader, layout, at);
    if (!chunk || chunk->size > reader.after(chunk->begin)) return -1;
    if (chunk->id == "COMM") {
      const auto coding = chunk->size >= 22 ? reader.read(chunk->begin + 18, 4) : "NONE";
      const auto frames = static_cast<std::int64_t>(reader.number(chunk->begin + 2, 4, true));
      const bool plain = coding != "ima4" && coding != "GSM " && !coding.starts_with("DWV");
      return plain ? frames : -1;
    }
    at = chunk->end(layout);
  }
}

Declared declared_by_matlab_5(ByteReader& reader) {
  const bool big_endian = reader.read(126, 2) == "MI";
  for (std::uint64_t at = 128; at < reader.size();) {
    const auto size = reader.number(at + 4, 4, big_endian);
    constexpr std::uint64_t more = 8;  // libsndfile declares up to this many bytes too many
    if (size > reader.after(at + 8) + more)
      return {lacking("a matrix", size, reader.after(at + 8))};
    at += 8 + (size + 7) / 8 * 8;
  }
  return {};
}

}  // namespace

Declared declared_by_chunks(ByteReader& reader) {
  const auto head = reader.read(0, 12);
  const auto magic = head.substr(0, 4), form = head.substr(std::min<std::size_t>(8, head.size()));
  if (form == "WAVE" && (magic == "RIFF" || magic == "RF64"))
    return samples_in_chunks(reader, {.samples = "data"});
  if (form == "WAVE" && magic == "RIFX")
    return samples_in_chunks(reader, {.big_endian = true, .samples = "data"});
  if (magic == "FORM" && (form == "AIFF" || form == "AIFC")) {
    const Layout layout{.big_endian = true, .samples = "SSND"};
    auto declared = samples_in_chunks(reader, layout);
    declared.frames = frames_of_aiff(reader, layout);
    return declared;
  }
  if (magic == "FORM" && (form == "8SVX" || form == "16SV"))
    return samples_in_chunks(reader, {.big_endian = true, .samples = "BODY"});
  if (magic == "riff")
    return samples_in_chunks(reader, {.begin = 40,
                                      .id = 16,
                                      .size = 8,
                                      .alignment = 8,
                                      .counts_itself = true,
                                      .unknown = ~std::uint64_t{0},
                                      .samples = "data\xf3\xac\xd3\x11\x8c\xd1" +
                                                 std::string(1, '\0') + "\xc0\x4f\x8e\xdb\x8a"});
  if (magic == "caff")
    return samples_in_chunks(reader, {.begin = 8,
                                      .size = 8,
                                      .big_endian = true,
                                      .alignment = 1,
                                      .unknown = ~std::uint64_t{0},
                                      .samples = "data"});
  if (head.starts_with("MATLAB 5.0")) return declared_by_matlab_5(reader);
  return {};
}

}  // namespace earshot::worker
