#include "worker/audio/made_audio.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include <sndfile.h>
#include <xxhash.h>

#include <earshot/error.hpp>

#include "worker/cache/disk.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;
using File = std::unique_ptr<SNDFILE, int (*)(SNDFILE*)>;

constexpr std::int64_t highest_flac_rate = 655'350;  // libFLAC, FLAC__MAX_SAMPLE_RATE
constexpr std::int64_t channels = 3;
constexpr int bits = 23;  // without the sign
constexpr double one = 1 << bits;
constexpr int unused = 1 << 8;  // libsndfile keeps 24 bits at the top of an int

/// The exponent of the smallest power of two above all samples; 0 for silence.
int exponent_of(const Sound& sound) {
  float peak = 0;
  for (const auto sample : sound.samples)
    peak = std::max(peak, std::abs(sample));
  return peak > 0 ? std::ilogb(peak) + 1 : 0;
}

/// Content of a file's comment: "<exponent> <checksum>".
std::string comment_of(const Sound& sound, int exponent) {
  const auto seed = static_cast<XXH64_hash_t>(sound.sample_rate);
  return std::to_string(exponent) + ' ' +
         std::to_string(XXH3_64bits_withSeed(sound.samples.data(),
                                             sound.samples.size() * sizeof(float), seed));
}

/// An in-memory file that libsndfile writes.
class Bytes {
 public:
  File open(SF_INFO& info) {
    SF_VIRTUAL_IO io{size, seek, read, write, tell};
    return {sf_open_virtual(&io, SFM_WRITE, &info, this), sf_close};
  }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  static Bytes& of(void* user) { return *static_cast<Bytes*>(user); }
  static sf_count_t size(void* user) { return std::ssize(of(user).bytes_); }
  static sf_count_t tell(void* user) { return of(user).at_; }
  static sf_count_t seek(sf_count_t offset, int whence, void* user) {
    auto& self = of(user);
    return self.at_ = offset + (whence == SEEK_CUR   ? self.at_
                                : whence == SEEK_END ? std::ssize(self.bytes_)
                                                     : 0);
  }
  static sf_count_t read(void*, sf_count_t, void*) { return 0; }
  static sf_count_t write(const void* from, sf_count_t count, void* user) {
    auto& self = of(user);
    const auto end = static_cast<std::size_t>(self.at_ + count);
    if (self.bytes_.size() < end) self.bytes_.resize(end);
    std::memcpy(self.bytes_.data() + self.at_, from, static_cast<std::size_t>(count));
    self.at_ += count;
    return count;
  }

  std::vector<std::byte> bytes_{};
  sf_count_t at_ = 0;
};

/// The channels, interleaved; nullopt if a sample has too many digits.
std::optional<std::vector<int>> split(const Sound& sound, int exponent) {
  std::vector<int> parts;
  parts.reserve(sound.samples.size() * channels);
  for (const auto sample : sound.samples) {
    auto rest = std::ldexp(double{sample}, -exponent);
    if (rest == 0 && std::signbit(rest)) return std::nullopt;
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      rest *= one;
      const auto part = std::clamp(std::nearbyint(rest), -one + 1, one - 1);
      parts.push_back(static_cast<int>(part) * unused);
      rest -= part;
    }
    if (rest != 0) return std::nullopt;
  }
  return parts;
}

float join(std::span<const int> parts, int exponent) {
  double sum = 0;
  for (std::int64_t channel = channels; channel-- > 0;)
    sum = (sum + parts[static_cast<std::size_t>(channel)] / unused) / one;
  return static_cast<float>(std::ldexp(sum, exponent));
}

std::optional<Sound> read(const fs::path& path) {
  SF_INFO info{};
  const File file(sf_open(path.c_str(), SFM_READ, &info), sf_close);
  if (!file || info.channels != channels) return std::nullopt;
  const char* comment = sf_get_string(file.get(), SF_STR_COMMENT);
  if (comment == nullptr) return std::nullopt;
  const std::string written = comment;
  const int exponent = std::clamp(std::atoi(written.c_str()), -200, 200);
  Sound sound{{}, info.samplerate};
  std::vector<int> parts(channels << 16);
  for (auto got = std::ssize(parts);
       got == std::ssize(parts) && std::ssize(sound.samples) < longest_clip;) {
    got = sf_read_int(file.get(), parts.data(), std::ssize(parts));
    for (std::int64_t at = 0; at + channels <= got; at += channels)
      sound.samples.push_back(
          join(std::span(parts).subspan(static_cast<std::size_t>(at), channels), exponent));
  }
  if (written != comment_of(sound, exponent)) return std::nullopt;
  return sound;
}

}  // namespace

MadeAudio::MadeAudio(const fs::path& cache, const std::string& dataset_key, bool keeps)
    : folder_(cache / "audio" / dataset_key), keeps_(keeps) {
  remove_leftovers(folder_);
}

fs::path MadeAudio::file(const std::string& identity) const {
  return folder_ / (identity + ".flac");
}

std::optional<Sound> MadeAudio::find(const std::string& identity) const {
  return folder_.empty() ? std::nullopt : read(file(identity));
}

void MadeAudio::keep(const std::string& identity, const Sound& sound) const {
  if (!keeps_ || sound.samples.empty() || sound.sample_rate > highest_flac_rate) return;
  const auto exponent = exponent_of(sound);
  const auto parts = split(sound, exponent);
  if (!parts) return;
  SF_INFO info{};
  info.samplerate = static_cast<int>(sound.sample_rate);
  info.channels = channels;
  info.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_24;
  Bytes bytes;
  {
    const auto file = bytes.open(info);
    if (!file) return;
    sf_set_string(file.get(), SF_STR_COMMENT, comment_of(sound, exponent).c_str());
    if (sf_write_int(file.get(), parts->data(), std::ssize(*parts)) != std::ssize(*parts)) return;
  }
  try {
    check_space(folder_, 0x1p31);  // leaves room for files that cannot be recomputed
    write_atomically(file(identity), {bytes.bytes()}, Flush::no);
  } catch (const DataError&) {
    return;  // writing the features, which are required, will report what is wrong with the disk
  }
}

MadeAudio::Checked MadeAudio::check(const fs::path& cache) {
  Checked checked;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(cache / "audio", error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".flac") continue;
    ++checked.files;
    std::error_code gone;
    const auto size = entry->file_size(gone);
    if (gone || !read(entry->path()))
      checked.damaged.push_back(entry->path());
    else
      checked.bytes += static_cast<std::int64_t>(size);
  }
  return checked;
}

}  // namespace earshot::worker
