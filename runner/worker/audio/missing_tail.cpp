#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

#include "worker/audio/decode.hpp"

namespace earshot::worker {

namespace {

// Programs that write to a pipe leave a size near the largest here: it says nothing.
constexpr std::uint64_t streamed = 0x7fff0000;

std::uint64_t number(std::string_view bytes, bool big_endian) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[big_endian ? i : bytes.size() - 1 - i]);
  return value;
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : stream_(file, std::ios::binary) {
    stream_.seekg(0, std::ios::end);
    size_ = stream_ ? static_cast<std::uint64_t>(stream_.tellg()) : 0;
  }
  std::uint64_t size() const { return size_; }

  /// `bytes` from `at` on; "" when the file ends before.
  std::string read(std::uint64_t at, std::size_t bytes) {
    if (at > size_ || bytes > size_ - at) return "";
    std::string text(bytes, '\0');
    stream_.seekg(static_cast<std::streamoff>(at));
    stream_.read(text.data(), static_cast<std::streamsize>(bytes));
    return text;
  }

 private:
  std::ifstream stream_;
  std::uint64_t size_ = 0;
};

std::string lacking(std::string_view chunk, std::uint64_t declared, std::uint64_t there) {
  return "its '" + std::string(chunk) + "' chunk declares " + std::to_string(declared) +
         " bytes, " + std::to_string(there) + " are there";
}

/// Chunks of four letters and a u32 size, padded to even sizes.
std::string missing_in_chunks(Reader& reader, bool big_endian, std::string_view wanted) {
  std::uint64_t long_size = 0;  // RF64: of the data chunk, in the chunk ds64
  for (std::uint64_t at = 12; at + 8 <= reader.size();) {
    const auto head = reader.read(at, 8);
    const auto id = std::string_view(head).substr(0, 4);
    auto size = number(std::string_view(head).substr(4), big_endian);
    at += 8;
    if (id == "ds64")
      if (const auto sizes = reader.read(at, 16); !sizes.empty())
        long_size = number(std::string_view(sizes).substr(8), false);
    if (id == wanted) {
      if (size == 0xffffffff && long_size > 0) size = long_size;
      const auto there = reader.size() - at;
      const bool unknown = size == 0 || (size >= streamed && size <= 0xffffffff && there < size);
      return unknown || size <= there ? "" : lacking(id, size, there);
    }
    at += size + size % 2;
  }
  return "its '" + std::string(wanted) + "' chunk is missing";
}

}  // namespace

std::string missing_tail(const std::filesystem::path& file) {
  Reader reader(file);
  const auto head = reader.read(0, 12);
  const auto magic = std::string_view(head).substr(0, 4);
  const auto form = std::string_view(head).substr(head.empty() ? 0 : 8);
  if (form == "WAVE" && (magic == "RIFF" || magic == "RF64"))
    return missing_in_chunks(reader, false, "data");
  if (form == "WAVE" && magic == "RIFX") return missing_in_chunks(reader, true, "data");
  if (magic == "FORM" && (form == "AIFF" || form == "AIFC"))
    return missing_in_chunks(reader, true, "SSND");
  if (magic == ".snd") {  // u32 offset of the samples, u32 their size
    const auto offset = number(std::string_view(head).substr(4, 4), true);
    const auto size = number(std::string_view(head).substr(8, 4), true);
    const auto there = reader.size() - std::min<std::uint64_t>(offset, reader.size());
    if (size < streamed && size > there) return lacking("samples", size, there);
  }
  return "";
}

}  // namespace earshot::worker
