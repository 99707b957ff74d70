#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "worker/audio/byte_reader.hpp"

namespace earshot::worker {

/// What a file says about its own length. libsndfile silently ignores declared samples that are
/// missing, and existing samples that are not declared.
struct Declared {
  /// Why a part would be left out or made up: "truncated: its 'data' chunk declares 2000 bytes,
  /// 1200 are there"; "" when nothing speaks against reading it.
  std::string fault{};
  /// Samples of a channel, where the header has them beside the size of the data; otherwise -1.
  std::int64_t frames = -1;
  /// `frames` are all; what libsndfile takes for more are other chunks.
  bool certain = false;
  /// Byte of a size of the samples that is 0 although there are some: it was never filled in.
  std::int64_t empty_size_at = -1;
};

/// Looks at the containers that declare a length: RIFF, RIFX, RF64, AIFF, AIFC, 8SVX, W64, CAF, AU,
/// NIST SPHERE, VOC, AVR, WVE, MPC 2000, MIDI sample dumps, MATLAB 4 and 5, Ogg, FLAC (frames
/// only). IRCAM, PAF and PVF declare none.
Declared declared_length(const std::filesystem::path& file);

/// The parts of it: chunks in a file, headers in front of samples, pages of Ogg. Each looks at the
/// first bytes and leaves files of other kinds alone.
Declared declared_by_chunks(ByteReader& reader);
Declared declared_by_header(ByteReader& reader);
Declared declared_by_ogg_pages(ByteReader& reader);

/// "truncated: its 'data' chunk declares 2000 bytes, 1200 are there"
std::string lacking(const std::string& what, std::uint64_t declared, std::uint64_t there);
/// "its 'data' chunk declares 1200 bytes, and 800 more are behind it that belong to nothing; ..."
std::string surplus(const std::string& what, std::uint64_t declared, std::uint64_t more);

}  // namespace earshot::worker
