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
  /// 1200 are there"; "" if the file can be read.
  std::string fault{};
  /// Samples per channel, if the header states them in addition to the size of the data; otherwise
  /// -1.
  std::int64_t frames = -1;
  /// `frames` is the exact number; anything beyond that libsndfile takes for samples is other
  /// chunks.
  bool certain = false;
  /// Byte of a size of the samples that is 0 although there are some: it was never filled in.
  std::int64_t empty_size_at = -1;
};

/// Checks the containers that declare a length: RIFF, RIFX, RF64, AIFF, AIFC, 8SVX, W64, CAF, AU,
/// NIST SPHERE, VOC, AVR, WVE, MPC 2000, MIDI sample dumps, MATLAB 4 and 5, Ogg, FLAC (frames
/// only). IRCAM, PAF and PVF declare none.
/// A file is looked at once (scans.hpp): all pages of an Ogg file are read.
Declared declared_length(const std::filesystem::path& file);

/// How often this process has looked at a file's declared length, and counted a file's MPEG frames.
std::int64_t length_scans();
std::int64_t mpeg_scans();

/// Its parts: chunks in a file, headers in front of samples, pages of Ogg. Each checks the first
/// bytes and ignores files of other kinds.
Declared declared_by_chunks(ByteReader& reader);
Declared declared_by_header(ByteReader& reader);
Declared declared_by_ogg_pages(ByteReader& reader);

/// "truncated: its 'data' chunk declares 2000 bytes, 1200 are there"
std::string lacking(const std::string& what, std::uint64_t declared, std::uint64_t there);
/// "its 'data' chunk declares 1200 bytes, and 800 more are behind it that belong to nothing; ..."
std::string surplus(const std::string& what, std::uint64_t declared, std::uint64_t more);

}  // namespace earshot::worker
