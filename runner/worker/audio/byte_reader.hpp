#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace earshot::worker {

/// The unsigned integer stored in these bytes.
inline std::uint64_t number(std::string_view bytes, bool big_endian) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[big_endian ? i : bytes.size() - 1 - i]);
  return value;
}

/// Random access to a file's bytes.
class ByteReader {
 public:
  explicit ByteReader(const std::filesystem::path& file) : stream_(file, std::ios::binary) {
    stream_.seekg(0, std::ios::end);
    size_ = stream_ ? static_cast<std::uint64_t>(stream_.tellg()) : 0;
  }

  std::uint64_t size() const { return size_; }
  /// Number of bytes from `at` to the end of the file.
  std::uint64_t after(std::uint64_t at) const { return at < size_ ? size_ - at : 0; }

  /// `bytes` bytes starting at `at`; "" if the file ends earlier.
  std::string read(std::uint64_t at, std::size_t bytes) {
    if (at > size_ || bytes > size_ - at) return "";
    std::string text(bytes, '\0');
    stream_.seekg(static_cast<std::streamoff>(at));
    stream_.read(text.data(), static_cast<std::streamsize>(bytes));
    return text;
  }
  /// The number of `bytes` bytes at `at`; 0 if the file ends before.
  std::uint64_t number(std::uint64_t at, std::size_t bytes, bool big_endian) {
    return worker::number(read(at, bytes), big_endian);
  }

 private:
  std::ifstream stream_;
  std::uint64_t size_ = 0;
};

}  // namespace earshot::worker
