#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace earshot::kit::checkpoint {

/// One file in a zip archive.
struct ZipEntry {
  std::uint64_t begin = 0;  ///< offset in the archive of its data
  std::uint64_t size = 0;   ///< as stored
  std::uint32_t crc32 = 0;
  bool stored = true;  ///< neither compressed nor encrypted
};

/// The archive's central directory (PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3: with zip64), by
/// name. PyTorch stores tensors uncompressed, to be mapped; libzip does not say where in the
/// archive an entry's bytes lie, and so cannot serve that.
/// @throws DataError for a file that is not an archive, is cut off, or contradicts itself: entries
/// beyond the file, overlapping, named twice, or named otherwise in their own header. Any bytes
/// will do.
std::map<std::string, ZipEntry> read_zip_directory(std::span<const std::byte> file);

/// The checksum of zip, gzip and PNG (ISO 3309).
std::uint32_t crc32(std::span<const std::byte> bytes);

}  // namespace earshot::kit::checkpoint
