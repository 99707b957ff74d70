#include "zip_directory.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include <earshot/error.hpp>

#include "layout.hpp"

namespace earshot::kit::checkpoint {

namespace {

constexpr std::uint32_t local_header = 0x04034b50, central_header = 0x02014b50;
constexpr std::uint32_t end_record = 0x06054b50, end_record64 = 0x06064b50,
                        end_locator64 = 0x07064b50;
constexpr std::size_t end_bytes = 22, locator_bytes = 20, end64_bytes = 56, local_bytes = 30,
                      central_bytes = 46;

[[noreturn]] void damaged_zip(const std::string& what) {
  throw DataError("a damaged zip archive: " + what);
}

/// Reads little-endian numbers with bounds checks.
class Bytes {
 public:
  explicit Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t size() const { return bytes_.size(); }

  template <class T>
  T at(std::uint64_t position) const {
    T value{};
    std::memcpy(&value, part(position, sizeof value).data(), sizeof value);
    return value;
  }
  std::span<const std::byte> part(std::uint64_t position, std::uint64_t length) const {
    if (position > bytes_.size() || length > bytes_.size() - position)
      damaged_zip("it is cut off, or points beyond its end");
    return bytes_.subspan(static_cast<std::size_t>(position), static_cast<std::size_t>(length));
  }
  std::string text(std::uint64_t position, std::uint64_t length) const {
    const auto found = part(position, length);
    return {reinterpret_cast<const char*>(found.data()), found.size()};
  }

 private:
  std::span<const std::byte> bytes_;
};

struct Directory {
  std::uint64_t entries = 0, begin = 0, end = 0;
};

/// Finds the record at the end, whose comment must extend exactly to the end of the file.
std::uint64_t find_end(const Bytes& file) {
  constexpr std::uint64_t longest_comment = 0xffff;
  if (file.size() >= end_bytes)
    for (std::uint64_t back = 0; back <= std::min(longest_comment, file.size() - end_bytes);
         ++back) {
      const auto position = file.size() - end_bytes - back;
      if (file.at<std::uint32_t>(position) == end_record &&
          file.at<std::uint16_t>(position + 20) == back)
        return position;
    }
  damaged_zip("its directory is missing; the file was cut off, or not downloaded completely");
}

Directory find_directory(const Bytes& file) {
  const auto end = find_end(file);
  Directory found{file.at<std::uint16_t>(end + 10), file.at<std::uint32_t>(end + 16), end};
  std::uint64_t bytes = file.at<std::uint32_t>(end + 12);
  if (end >= locator_bytes && file.at<std::uint32_t>(end - locator_bytes) == end_locator64) {
    const auto end64 = file.at<std::uint64_t>(end - locator_bytes + 8);
    file.part(end64, end64_bytes);
    if (file.at<std::uint32_t>(end64) != end_record64) damaged_zip("its zip64 record is missing");
    found.entries = file.at<std::uint64_t>(end64 + 32);
    bytes = file.at<std::uint64_t>(end64 + 40);
    found.begin = file.at<std::uint64_t>(end64 + 48);
    found.end = end64;
  }
  if (found.begin > found.end || found.end - found.begin != bytes)
    damaged_zip("its directory is not at the declared position");
  if (found.entries > bytes / central_bytes)
    damaged_zip("it declares more entries than it can hold");
  return found;
}

/// Reads sizes and position beyond 32 bits, which are in an extra field in this order (4.5.3).
void read_zip64(const Bytes& file, std::uint64_t extra, std::uint64_t end,
                std::array<std::uint64_t*, 3> values) {
  while (extra + 4 <= end) {
    const auto kind = file.at<std::uint16_t>(extra);
    const auto next = extra + 4 + file.at<std::uint16_t>(extra + 2);
    if (kind == 1) {
      auto position = extra + 4;
      for (auto* value : values)
        if (*value == 0xffffffff) {
          if (position + 8 > std::min(next, end)) damaged_zip("an entry lacks its zip64 size");
          *value = file.at<std::uint64_t>(position);
          position += 8;
        }
      return;
    }
    extra = next;
  }
}

struct Span {
  std::uint64_t begin, end;
};

ZipEntry read_entry(const Bytes& file, std::uint64_t at, const std::string& name,
                    const Directory& directory, Span& occupied) {
  const auto flags = file.at<std::uint16_t>(at + 8), method = file.at<std::uint16_t>(at + 10);
  ZipEntry entry;
  entry.crc32 = file.at<std::uint32_t>(at + 16);
  entry.size = file.at<std::uint32_t>(at + 20);
  std::uint64_t unpacked = file.at<std::uint32_t>(at + 24);
  std::uint64_t header = file.at<std::uint32_t>(at + 42);
  const auto extra = at + central_bytes + name.size();
  read_zip64(file, extra, extra + file.at<std::uint16_t>(at + 30),
             {&unpacked, &entry.size, &header});
  entry.stored = method == 0 && (flags & 1) == 0;
  if (entry.stored && unpacked != entry.size)
    damaged_zip("entry " + in_quotes(name) + " has two sizes");

  file.part(header, local_bytes);
  if (file.at<std::uint32_t>(header) != local_header ||
      file.text(header + local_bytes, file.at<std::uint16_t>(header + 26)) != name)
    damaged_zip("entry " + in_quotes(name) + " is not where the directory says");
  entry.begin = header + local_bytes + name.size() + file.at<std::uint16_t>(header + 28);
  if (entry.begin > directory.begin || entry.size > directory.begin - entry.begin)
    damaged_zip("entry " + in_quotes(name) + " reaches beyond the entries' end");
  occupied = {header, entry.begin + entry.size};
  return entry;
}

}  // namespace

std::map<std::string, ZipEntry> read_zip_directory(std::span<const std::byte> bytes) {
  const Bytes file(bytes);
  const auto directory = find_directory(file);
  std::map<std::string, ZipEntry> entries;
  std::vector<Span> spans;
  auto at = directory.begin;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    file.part(at, central_bytes);
    if (file.at<std::uint32_t>(at) != central_header) damaged_zip("its directory is not readable");
    const auto name = file.text(at + central_bytes, file.at<std::uint16_t>(at + 28));
    const auto next = at + central_bytes + name.size() + file.at<std::uint16_t>(at + 30) +
                      file.at<std::uint16_t>(at + 32);
    if (next > directory.end) damaged_zip("its directory is cut off");
    Span occupied{};
    if (!entries.emplace(name, read_entry(file, at, name, directory, occupied)).second)
      damaged_zip("it has the entry " + in_quotes(name) + " twice");
    spans.push_back(occupied);
    at = next;
  }
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < spans.size(); ++i)
    if (spans[i].begin < spans[i - 1].end) damaged_zip("two of its entries overlap");
  return entries;
}

std::uint32_t crc32(std::span<const std::byte> bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> values{};
    for (std::uint32_t i = 0; i < values.size(); ++i) {
      auto value = i;
      for (int bit = 0; bit < 8; ++bit)
        value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320U : 0U);
      values[i] = value;
    }
    return values;
  }();
  std::uint32_t sum = 0xffffffff;
  for (const auto byte : bytes)
    sum = (sum >> 8) ^ table[(sum ^ static_cast<std::uint32_t>(byte)) & 0xff];
  return ~sum;
}

}  // namespace earshot::kit::checkpoint
