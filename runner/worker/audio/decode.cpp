#include "worker/audio/decode.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <system_error>

#include <sndfile.h>

#include <earshot/error.hpp>

namespace earshot::worker {

namespace {

using File = std::unique_ptr<SNDFILE, int (*)(SNDFILE*)>;
constexpr sf_count_t unknown_length = std::numeric_limits<sf_count_t>::max();
// Tables give seconds with few decimals: so much may be missing at the end of a stretch.
constexpr double rounding_seconds = 0.05;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& reason) {
  throw DataError(file.string() + ": " + reason);
}

std::string seconds(double value) {
  auto text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  return (text.ends_with('.') ? text + "0" : text) + " s";
}

void check_regular(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) fail(file, "no such file");
  if (!std::filesystem::is_regular_file(status)) fail(file, "not a file");
  if (std::filesystem::file_size(file, error) == 0 && !error) fail(file, "an empty file (0 bytes)");
}

File open(const std::filesystem::path& file, SF_INFO& info) {
  File sound(sf_open(file.c_str(), SFM_READ, &info), sf_close);
  // Without a header libsndfile takes some name endings for raw samples: that would be a guess.
  if (sound && (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_RAW) fail(file, "not audio");
  return sound;
}

void check_header(const std::filesystem::path& file, const SF_INFO& info) {
  if (info.samplerate < lowest_rate || info.samplerate > highest_rate)
    fail(file, "a sample rate of " + std::to_string(info.samplerate) + " Hz; allowed: " +
                   std::to_string(lowest_rate) + " to " + std::to_string(highest_rate) + " Hz");
  if (info.channels < 1) fail(file, "no channels");
  if (info.frames == 0) fail(file, "empty: 0 samples");
  const bool ogg = (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_OGG;
  if (ogg && info.frames == unknown_length) fail(file, "truncated: its last Ogg page is missing");
  if (const auto reason = missing_tail(file); !reason.empty()) fail(file, "truncated: " + reason);
}

/// Length and contents agree only roughly in MPEG files without a table of contents.
sf_count_t tolerance(const SF_INFO& info) {
  return (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG ? 2304 + info.frames / 50 : 0;
}

/// Up to `wanted` frames, mixed down.
std::vector<float> read_mono(SNDFILE* sound, std::int64_t channels, sf_count_t wanted) {
  const auto block = std::max<sf_count_t>(1, (1 << 18) / channels);
  std::vector<float> interleaved(static_cast<std::size_t>(block * channels)), mono;
  while (wanted > 0) {
    const auto frames = sf_readf_float(sound, interleaved.data(), std::min(block, wanted));
    if (frames <= 0) break;
    wanted -= frames;
    for (sf_count_t n = 0; n < frames; ++n) {
      double sum = 0;
      for (std::int64_t c = 0; c < channels; ++c)
        sum += static_cast<double>(interleaved[static_cast<std::size_t>(n * channels + c)]);
      mono.push_back(static_cast<float>(sum / static_cast<double>(channels)));
    }
  }
  return mono;
}

}  // namespace

Sound decode(const std::filesystem::path& file, double start, double duration) {
  check_regular(file);
  SF_INFO info{};
  const auto sound = open(file, info);
  if (!sound) fail(file, std::string("not audio that can be read: ") + sf_strerror(nullptr));
  check_header(file, info);

  const auto rate = static_cast<double>(info.samplerate);
  const bool known = info.frames != unknown_length;
  const auto length = static_cast<double>(info.frames) / rate;
  if (start < 0 || duration < 0 || !(start + duration < 1e9))
    fail(file,
         "a stretch from " + seconds(start) + " for " + seconds(duration) + "; allowed: 0 or more");
  const auto first = static_cast<sf_count_t>(std::llround(start * rate));
  const auto rest = known ? info.frames - first : unknown_length;
  if (rest <= 0)
    fail(file, "a stretch begins at " + seconds(start) + "; it is " + seconds(length) + " long");
  const auto asked = duration > 0 ? std::max<sf_count_t>(1, std::llround(duration * rate)) : rest;
  const auto wanted = std::min(asked, rest);
  if (static_cast<double>(asked - wanted) > rounding_seconds * rate)
    fail(file,
         "a stretch ends at " + seconds(start + duration) + "; it is " + seconds(length) + " long");

  if (first > 0 && sf_seek(sound.get(), first, SEEK_SET) != first)
    fail(file, "truncated: nothing can be read from " + seconds(start) + " on");
  Sound result{read_mono(sound.get(), info.channels, wanted), info.samplerate};
  const auto got = static_cast<sf_count_t>(result.samples.size());
  if (got == 0) fail(file, known ? "truncated: no samples after its header" : "empty: 0 samples");
  if ((known || duration > 0) && got + tolerance(info) < wanted)
    fail(file, "truncated: " + std::to_string(got) + " samples of " + std::to_string(wanted) +
                   " can be read");
  for (std::size_t n = 0; n < result.samples.size(); ++n)
    if (!std::isfinite(result.samples[n]))
      fail(file, "sample " + std::to_string(first + static_cast<sf_count_t>(n)) +
                     " is not a finite number");
  return result;
}

double declared_seconds(const std::filesystem::path& file) {
  SF_INFO info{};
  const File sound(sf_open(file.c_str(), SFM_READ, &info), sf_close);
  if (!sound || info.frames == unknown_length || info.samplerate <= 0) return 0;
  return static_cast<double>(info.frames) / info.samplerate;
}

}  // namespace earshot::worker
