#include <algorithm>
#include <string_view>
#include <vector>

#include <mpg123.h>

#include <earshot/error.hpp>

#include "worker/audio/byte_reader.hpp"
#include "worker/audio/declared.hpp"
#include "worker/audio/recording.hpp"
#include "worker/audio/scans.hpp"

// MPEG audio declares no length, except for what an encoder may have put into its first frame
// ("Xing", "Info"): libsndfile believes that, or guesses from the size of the file, and reads no
// more. Here all frames are counted before any is decoded, once for all clips of a file.

namespace earshot::worker {

namespace {

struct Handle {
  mpg123_handle* handle = nullptr;
  explicit Handle(const std::filesystem::path& file, long flags) {
    static const int ready = mpg123_init();
    int error = ready;
    if (ready == MPG123_OK) handle = mpg123_new(nullptr, &error);
    if (handle == nullptr) throw DataError(file.string() + ": " + mpg123_plain_strerror(error));
    mpg123_param(handle, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 0);
    mpg123_param(handle, MPG123_ADD_FLAGS, MPG123_QUIET | MPG123_FORCE_FLOAT | flags, 0);
    if (mpg123_open(handle, file.c_str()) != MPG123_OK) fail(file);
  }
  ~Handle() { mpg123_delete(handle); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[noreturn]] void fail(const std::filesystem::path& file) const {
    throw DataError(file.string() + ": damaged: " + mpg123_strerror(handle));
  }
};

/// The frames of a file, read in order.
struct Frames {
  std::int64_t count = 0;      ///< frames with sound
  std::int64_t declared = -1;  ///< from the encoder's tag in the first frame; -1: there is none
  std::uint64_t end = 0;       ///< offset after the last frame, in bytes
  std::uint32_t header = 0;    ///< of the last frame

  std::int64_t samples = -1;     ///< per channel, without what the tag says to drop
  std::vector<off_t> offsets{};  ///< of every `step`th frame, where mpg123 found them
  off_t step = 0;
};

/// Number of frames that the encoder says it wrote: a tag that fills a silent first frame, with a
/// u32 of flags after its name and then, if the lowest bit is set, the number of frames.
std::int64_t declared_frames(std::string_view body) {
  for (const auto* name : {"Xing", "Info"}) {
    const auto at = body.substr(0, std::min<std::size_t>(64, body.size())).find(name);
    if (at == std::string_view::npos || body.size() < at + 12) continue;
    if ((number(body.substr(at + 4, 4), true) & 1) == 0) return -2;  // a tag without a number
    return static_cast<std::int64_t>(number(body.substr(at + 8, 4), true));
  }
  return -1;
}

Frames frames_of(const std::filesystem::path& file) {
  const Handle mpeg(file, MPG123_IGNORE_INFOFRAME);
  Frames frames;
  for (bool first = true;; first = false) {
    const auto status = mpg123_framebyframe_next(mpeg.handle);
    if (status == MPG123_DONE) break;
    if (status != MPG123_OK && status != MPG123_NEW_FORMAT) mpeg.fail(file);
    unsigned long header = 0;
    unsigned char* body = nullptr;
    std::size_t bytes = 0;
    if (mpg123_framedata(mpeg.handle, &header, &body, &bytes) != MPG123_OK) mpeg.fail(file);
    frames.end = static_cast<std::uint64_t>(mpg123_framepos(mpeg.handle)) + 4 + bytes;
    frames.header = static_cast<std::uint32_t>(header);
    ++frames.count;
    if (!first) continue;
    const auto declared = declared_frames({reinterpret_cast<const char*>(body), bytes});
    if (declared != -1) frames.count = 0;
    frames.declared = std::max<std::int64_t>(-1, declared);
  }
  return frames;
}

void check(const std::filesystem::path& file, const Frames& frames) {
  if (frames.count == 0) throw DataError(file.string() + ": empty: 0 samples");
  if (frames.declared > 0 && std::abs(frames.declared - frames.count) > 1)
    throw DataError(file.string() + ": " +
                    (frames.declared > frames.count ? "truncated" : "its length is uncertain") +
                    ": its header declares " + std::to_string(frames.declared) + " MPEG frames, " +
                    std::to_string(frames.count) + " are present");
  // Version, layer and sample rate of a frame's header.
  constexpr std::uint32_t alike = 0xfffe0c00;
  ByteReader reader(file);
  const auto next = static_cast<std::uint32_t>(reader.number(frames.end, 4, true));
  if (reader.size() < frames.end || (next & alike) == (frames.header & alike))
    throw DataError(file.string() + ": truncated: its last MPEG frame is cut off");
}

/// Opened for decoding, with the format of the file's first frame.
struct Decoder : Handle {
  explicit Decoder(const std::filesystem::path& file) : Handle(file, MPG123_GAPLESS) {
    if (mpg123_getformat(handle, &hertz, &channels, &encoding) != MPG123_OK ||
        mpg123_format_none(handle) != MPG123_OK ||
        mpg123_format(handle, hertz, channels, MPG123_ENC_FLOAT_32) != MPG123_OK)
      fail(file);
  }

  long hertz = 0;
  int channels = 0, encoding = 0;
};

/// Two passes over the file: over all frames, and over those that mpg123 decodes.
Frames scan_file(const std::filesystem::path& file) {
  auto frames = frames_of(file);
  check(file, frames);
  const Decoder mpeg(file);
  off_t* offsets = nullptr;
  std::size_t filled = 0;
  if (mpg123_scan(mpeg.handle) != MPG123_OK) mpeg.fail(file);
  frames.samples = mpg123_length(mpeg.handle);
  // A libmpg123 may be built without an index; it then scans again.
  if (mpg123_index(mpeg.handle, &offsets, &frames.step, &filled) == MPG123_OK)
    frames.offsets.assign(offsets, offsets + filled);
  return frames;
}

Scans<Frames>& known_files() {
  static auto& known = *new Scans<Frames>;
  return known;
}

class MpegRecording final : public Recording {
 public:
  explicit MpegRecording(const std::filesystem::path& file)
      : file_(file), known_(known_files().of(file, [&] { return scan_file(file); })), mpeg_(file) {
    // With the offsets that an earlier scan found, mpg123 reads the same samples without one. Only
    // if the encoder's tag declares more frames than there are, a scan makes it ignore that tag.
    const bool needless = known_->declared <= known_->count && !known_->offsets.empty();
    auto offsets = known_->offsets;  // mpg123 takes no constant ones
    const auto status =
        needless ? mpg123_set_index(mpeg_.handle, offsets.data(), known_->step, offsets.size())
                 : mpg123_scan(mpeg_.handle);
    if (status != MPG123_OK) mpeg_.fail(file);
    rate = mpeg_.hertz;
    channels = mpeg_.channels;
    frames = known_->samples;
  }

  std::int64_t read(float* interleaved, std::int64_t count) override {
    const auto frame = static_cast<std::size_t>(channels) * sizeof(float);
    const auto wanted = static_cast<std::size_t>(count) * frame;
    std::size_t got = 0;
    while (got < wanted) {
      std::size_t bytes = 0;
      const auto status = mpg123_read(
          mpeg_.handle, reinterpret_cast<unsigned char*>(interleaved) + got, wanted - got, &bytes);
      got += bytes;
      if (status == MPG123_DONE) break;
      if (status == MPG123_NEW_FORMAT && got > 0)
        throw DataError(
            file_.string() +
            ": its length is uncertain: its sample rate or channels change within the file");
      if (status != MPG123_OK && status != MPG123_NEW_FORMAT) mpeg_.fail(file_);
    }
    return static_cast<std::int64_t>(got / frame);
  }

  /// The samples are bit-identical if decoding begins 32 frames earlier, since a frame can depend
  /// on no more than that (through 511 bytes of their data), and at a multiple of 8, since the
  /// filter bank rotates its buffer by one step with each frame.
  std::int64_t skip_to(std::int64_t frame) override {
    constexpr std::int64_t before = 32, turn = 8;
    const auto at = (frame / mpg123_spf(mpeg_.handle) - 1) / turn * turn;
    if (at <= before) return frame;
    if (mpg123_param(mpeg_.handle, MPG123_PREFRAMES, before, 0) != MPG123_OK ||
        mpg123_seek_frame(mpeg_.handle, at, SEEK_SET) != at)
      mpeg_.fail(file_);
    return frame - mpg123_tell(mpeg_.handle);
  }

 private:
  std::filesystem::path file_;
  std::shared_ptr<const Frames> known_;
  Decoder mpeg_;
};

}  // namespace

std::int64_t mpeg_scans() {
  return known_files().count();
}

std::unique_ptr<Recording> open_mpeg(const std::filesystem::path& file) {
  return std::make_unique<MpegRecording>(file);
}

}  // namespace earshot::worker
