#include "worker/audio/recording.hpp"

#include <algorithm>
#include <fstream>
#include <string>

#include <sndfile.h>

#include <earshot/error.hpp>

#include "worker/audio/declared.hpp"

namespace earshot::worker {

namespace {

using File = std::unique_ptr<SNDFILE, int (*)(SNDFILE*)>;
constexpr std::int64_t unknown = Recording::unknown;
static_assert(unknown == std::numeric_limits<sf_count_t>::max(),
              "what libsndfile means by it, too");

/// A file whose header is changed as if its length were unknown: otherwise libFLAC and libsndfile
/// stop at the declared length, whatever follows.
class Endless {
 public:
  /// Replaces the bytes at offset `at`.
  Endless(const std::filesystem::path& file, std::int64_t at, std::string bytes)
      : stream_(file, std::ios::binary), patch_at_(at), patch_(std::move(bytes)) {
    stream_.seekg(0, std::ios::end);
    size_ = stream_.tellg();
    stream_.seekg(0);
  }

  File open(SF_INFO& info) {
    SF_VIRTUAL_IO io{size, seek, read, nullptr, tell};
    return {sf_open_virtual(&io, SFM_READ, &info, this), sf_close};
  }

  /// Whether the beginning of a FLAC file occurs in it again.
  bool has_another_stream() {
    const std::string head("fLaC\0\0\0\x22", 8);
    stream_.clear();
    stream_.seekg(static_cast<std::streamoff>(head.size()));
    std::string text(head.size(), '\0');
    for (std::string block(1 << 20, '\0'); stream_;) {
      text.erase(0, text.size() - head.size());
      stream_.read(block.data(), static_cast<std::streamsize>(block.size()));
      text.append(block, 0, static_cast<std::size_t>(stream_.gcount()));
      if (text.find(head) != std::string::npos) return true;
    }
    return false;
  }

 private:
  static Endless& of(void* user) { return *static_cast<Endless*>(user); }
  static sf_count_t size(void* user) { return of(user).size_; }
  static sf_count_t tell(void* user) { return of(user).at_; }
  static sf_count_t seek(sf_count_t offset, int whence, void* user) {
    auto& self = of(user);
    self.at_ = offset + (whence == SEEK_CUR ? self.at_ : whence == SEEK_END ? self.size_ : 0);
    return self.at_;
  }
  static sf_count_t read(void* to, sf_count_t count, void* user) {
    auto& self = of(user);
    self.stream_.clear();
    self.stream_.seekg(self.at_);
    self.stream_.read(static_cast<char*>(to), count);
    const sf_count_t got = self.stream_.gcount();
    for (std::size_t i = 0; i < self.patch_.size(); ++i) {
      const auto place = self.patch_at_ + static_cast<sf_count_t>(i) - self.at_;
      if (place >= 0 && place < got) static_cast<char*>(to)[place] = self.patch_[i];
    }
    self.at_ += got;
    return got;
  }

  std::ifstream stream_;
  sf_count_t size_ = 0, at_ = 0, patch_at_ = 0;
  std::string patch_;
};

/// FLAC's number of samples has 36 bits, after 4 bits with another meaning.
std::unique_ptr<Endless> endless_flac(const std::filesystem::path& file) {
  const auto bits = static_cast<char>(ByteReader(file).number(21, 1, true) & 0xf0);
  return std::make_unique<Endless>(file, 21, bits + std::string(4, '\0'));
}

/// Whether reading after sf_seek() gives bit for bit the samples of reading from the beginning. It
/// does not if samples depend on earlier ones (Vorbis, GSM), and in two containers for other
/// reasons.
bool can_jump(const SF_INFO& info, bool known) {
  const auto container = info.format & SF_FORMAT_TYPEMASK, coding = info.format & SF_FORMAT_SUBMASK;
  if (info.seekable == 0 || container == SF_FORMAT_PAF || container == SF_FORMAT_SDS) return false;
  if (container == SF_FORMAT_FLAC) return known;
  switch (coding) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_PCM_16:
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_FLOAT:
    case SF_FORMAT_DOUBLE:
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW:
      return true;
    default:
      return false;
  }
}

class SndRecording final : public Recording {
 public:
  SndRecording(std::filesystem::path file, bool whole) : file_(std::move(file)) {
    sound_.reset(sf_open(file_.c_str(), SFM_READ, &info_));
    if (!sound_) {
      const std::string reason = sf_strerror(nullptr);
      const auto declared = declared_length(file_);
      if (!declared.fault.empty()) refuse_recording(file_, declared.fault);
      refuse_recording(file_, "not audio that can be read: " + reason);
    }
    if (container() == SF_FORMAT_MPEG) return;
    refuse_what_is_no_recording();
    const auto declared = declared_length(file_);
    if (!declared.fault.empty()) refuse_recording(file_, declared.fault);
    frames = info_.frames;
    if (container() == SF_FORMAT_FLAC && declared.frames < 0) frames = unknown;
    compare(declared);
    if (container() == SF_FORMAT_FLAC && whole && frames != unknown) reopen(endless_flac(file_));
    if (declared.empty_size_at >= 0) {
      reopen(std::make_unique<Endless>(file_, declared.empty_size_at, "\xff\xff\xff\xff"));
      frames = info_.frames;
    }
    goes_on = container() == SF_FORMAT_FLAC && (endless_ || frames == unknown);
    jumps_ = can_jump(info_, frames != unknown) && !goes_on;
    rate = info_.samplerate;
    channels = info_.channels;
  }

  int container() const { return info_.format & SF_FORMAT_TYPEMASK; }

  std::int64_t read(float* interleaved, std::int64_t count) override {
    const auto got = std::max<sf_count_t>(0, sf_readf_float(sound_.get(), interleaved, count));
    if (got == count || sf_error(sound_.get()) == SF_ERR_NO_ERROR) return got;
    if (frames == unknown)
      refuse_recording(file_, std::string("damaged: ") + sf_strerror(sound_.get()));
    if (goes_on && endless_->has_another_stream())
      refuse_recording(
          file_,
          "its length is uncertain: a second FLAC stream follows the first, and only one would be "
          "read. Decode them into one file");
    return got;
  }

  std::int64_t skip_to(std::int64_t frame) override {
    if (!jumps_) return frame;
    if (sf_seek(sound_.get(), frame, SEEK_SET) != frame)
      refuse_recording(file_, "truncated: sample " + std::to_string(frame) + " cannot be read");
    return 0;
  }

 private:
  void reopen(std::unique_ptr<Endless> endless) {
    endless_ = std::move(endless);
    info_ = {};
    sound_ = endless_->open(info_);
    if (!sound_)
      refuse_recording(file_, std::string("not audio that can be read: ") + sf_strerror(nullptr));
  }

  void refuse_what_is_no_recording() const {
    // Without a header, libsndfile takes some file extensions for raw samples: that would be a
    // guess.
    if (container() == SF_FORMAT_RAW) refuse_recording(file_, "not audio");
    if (container() == SF_FORMAT_XI || container() == SF_FORMAT_SD2)
      refuse_recording(file_,
                       std::string("not audio that can be read: ") +
                           (container() == SF_FORMAT_XI
                                ? "an instrument of FastTracker, which may have several samples"
                                : "the length of a Sound Designer II file is in another file") +
                           ". Write it as WAV or FLAC");
  }

  /// For files whose length libsndfile derives from their size; FLAC is read to its end.
  void compare(const Declared& by_header) {
    const auto declared = by_header.frames;
    if (declared < 0 || container() == SF_FORMAT_FLAC) return;
    const auto samples =
        std::to_string(declared) + " samples, " + std::to_string(frames) + " are present";
    if (frames < declared) refuse_recording(file_, "truncated: its header declares " + samples);
    if (frames > declared + 1 && !by_header.certain)
      refuse_recording(file_, "its length is uncertain: its header declares " + samples);
    frames = declared;  // an additional one is padding, or the byte that ends the file
  }

  std::filesystem::path file_;
  SF_INFO info_{};
  std::unique_ptr<Endless> endless_{};
  File sound_{nullptr, sf_close};
  bool jumps_ = false;
};

}  // namespace

void refuse_recording(const std::filesystem::path& file, const std::string& reason) {
  throw DataError(file.string() + ": " + reason);
}

std::unique_ptr<Recording> open_recording(const std::filesystem::path& file, bool whole) {
  auto recording = std::make_unique<SndRecording>(file, whole);
  if (recording->container() == SF_FORMAT_MPEG) return open_mpeg(file);
  return recording;
}

}  // namespace earshot::worker
