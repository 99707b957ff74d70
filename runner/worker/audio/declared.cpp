#include "worker/audio/declared.hpp"

#include "worker/audio/scans.hpp"

namespace earshot::worker {

namespace {

Scans<Declared>& known_lengths() {
  static auto& known = *new Scans<Declared>;
  return known;
}

Declared declared_by_file(const std::filesystem::path& file) {
  ByteReader reader(file);
  for (const auto look : {declared_by_chunks, declared_by_header, declared_by_ogg_pages})
    if (auto found = look(reader);
        !found.fault.empty() || found.frames >= 0 || found.empty_size_at >= 0)
      return found;
  return {};
}

}  // namespace

std::string lacking(const std::string& what, std::uint64_t declared, std::uint64_t there) {
  return "truncated: " + what + " declares " + std::to_string(declared) + " bytes, " +
         std::to_string(there) + " are present";
}

std::string surplus(const std::string& what, std::uint64_t declared, std::uint64_t more) {
  return "its length is uncertain: " + what + " declares " + std::to_string(declared) +
         " bytes, but " + std::to_string(more) +
         " more follow that do not belong to anything. If they are audio, write the file again";
}

Declared declared_length(const std::filesystem::path& file) {
  return *known_lengths().of(file, [&] { return declared_by_file(file); });
}

std::int64_t length_scans() {
  return known_lengths().count();
}

}  // namespace earshot::worker
