#include "worker/audio/decode.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <system_error>

#include <earshot/error.hpp>

#include "worker/audio/byte_reader.hpp"
#include "worker/audio/recording.hpp"

namespace earshot::worker {

namespace {

// Tables give seconds with few decimals: this much may be missing at the end of a segment.
constexpr double rounding_seconds = 0.05;

std::string seconds(double value) {
  auto text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  return (text.ends_with('.') ? text + "0" : text) + " s";
}

void check_regular(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) {
    if (std::filesystem::is_symlink(std::filesystem::symlink_status(file, error)))
      refuse_recording(file, "no such file: a broken link to " +
                                 std::filesystem::read_symlink(file, error).string() +
                                 ". If git-annex manages it, get its content");
    refuse_recording(file, "no such file");
  }
  if (!std::filesystem::is_regular_file(status)) refuse_recording(file, "not a file");
  const auto size = std::filesystem::file_size(file, error);
  if (size == 0 && !error) refuse_recording(file, "an empty file (0 bytes)");
  if (size < 1024 && ByteReader(file).read(0, 23) == "version https://git-lfs")
    refuse_recording(file, "a Git LFS pointer, not its content; fetch that with 'git lfs pull'");
}

void check_header(const std::filesystem::path& file, const Recording& recording) {
  if (recording.rate < lowest_rate || recording.rate > highest_rate)
    refuse_recording(file, "a sample rate of " + std::to_string(recording.rate) +
                               " Hz; allowed: " + std::to_string(lowest_rate) + " to " +
                               std::to_string(highest_rate) + " Hz");
  if (recording.channels < 1) refuse_recording(file, "no channels");
  if (recording.frames == 0) refuse_recording(file, "empty: 0 samples");
}

/// Reads the following frames in blocks, until there are `wanted` or the file ends.
template <class Take>
std::int64_t read_blocks(Recording& recording, std::int64_t wanted, const Take& take) {
  const auto block = std::max<std::int64_t>(1, (1 << 18) / recording.channels);
  std::vector<float> interleaved(static_cast<std::size_t>(block * recording.channels));
  std::int64_t done = 0;
  while (done < wanted) {
    const auto frames = recording.read(interleaved.data(), std::min(block, wanted - done));
    if (frames <= 0) break;
    take(interleaved.data(), frames);
    done += frames;
  }
  return done;
}

/// Up to `wanted` frames, mixed down. One extra frame is read if the end is not known in advance.
std::vector<float> read_mono(Recording& recording, std::int64_t wanted) {
  std::vector<float> mono;
  mono.reserve(static_cast<std::size_t>(
      std::min(wanted, recording.frames) <= longest_clip ? std::min(wanted, recording.frames) : 0));
  read_blocks(recording, wanted, [&](const float* interleaved, std::int64_t frames) {
    for (std::int64_t n = 0; n < frames; ++n) {
      double sum = 0;
      for (std::int64_t c = 0; c < recording.channels; ++c)
        sum += static_cast<double>(interleaved[n * recording.channels + c]);
      mono.push_back(static_cast<float>(sum / static_cast<double>(recording.channels)));
    }
  });
  return mono;
}

[[noreturn]] void fail_too_long(const std::filesystem::path& file) {
  refuse_recording(
      file, "more than " + std::to_string(longest_clip) +
                " samples in one clip, which is the maximum. Give a start and a duration, or cut "
                "the file");
}

}  // namespace

Sound decode(const std::filesystem::path& file, double start, double duration) {
  check_regular(file);
  if (start < 0 || duration < 0 || !(start + duration < 1e9))
    refuse_recording(file, "a stretch from " + seconds(start) + " for " + seconds(duration) +
                               "; allowed: 0 or more");
  const bool whole = start == 0 && duration == 0;
  const auto recording = open_recording(file, whole);
  check_header(file, *recording);

  const auto rate = static_cast<double>(recording->rate);
  const auto in_seconds = [&](std::int64_t frames) {
    return seconds(static_cast<double>(frames) / rate);
  };
  const auto fail_begin = [&](std::int64_t length) {
    refuse_recording(
        file, "a stretch begins at " + seconds(start) + "; it is " + in_seconds(length) + " long");
  };
  const auto fail_end = [&](std::int64_t length) {
    refuse_recording(file, "a stretch ends at " + seconds(start + duration) + "; it is " +
                               in_seconds(length) + " long");
  };
  const bool known = recording->frames != Recording::unknown;
  const auto slack = static_cast<std::int64_t>(rounding_seconds * rate);
  const auto first = static_cast<std::int64_t>(std::llround(start * rate));
  const auto rest = known ? recording->frames - first : Recording::unknown;
  if (rest <= 0) fail_begin(recording->frames);
  const auto asked = duration > 0 ? std::max<std::int64_t>(1, std::llround(duration * rate)) : rest;
  const auto wanted = std::min(asked, rest);
  if (asked - wanted > slack) fail_end(recording->frames);
  if ((known || duration > 0) && wanted > longest_clip) fail_too_long(file);

  const auto skipped = first > 0 ? recording->skip_to(first) : 0;
  const auto before = read_blocks(*recording, skipped, [](const float*, std::int64_t) {});
  if (before < skipped) {
    if (known)
      refuse_recording(file, "truncated: nothing can be read from " + seconds(start) + " on");
    fail_begin(before);
  }
  // If the file may continue, one more sample is requested to find out.
  Sound result{read_mono(*recording, std::min(recording->goes_on ? asked : wanted, longest_clip) +
                                         (recording->goes_on ? 1 : 0)),
               recording->rate};
  const auto got = static_cast<std::int64_t>(result.samples.size());
  if (got > longest_clip) fail_too_long(file);
  if (got == 0)
    known       ? refuse_recording(file, "truncated: no samples after its header")
    : first > 0 ? fail_begin(first)
                : refuse_recording(file, "empty: 0 samples");
  if (known && got < wanted)
    refuse_recording(file, "truncated: " + std::to_string(got) + " samples of " +
                               std::to_string(wanted) + " can be read");
  if (known && got > wanted)
    refuse_recording(file, "its length is uncertain: its header declares " +
                               std::to_string(wanted) +
                               " samples, but there are more. Write the file again");
  if (!known && duration > 0) {
    if (asked - got > slack) fail_end(first + got);
    if (got > asked) result.samples.resize(static_cast<std::size_t>(asked));
  }
  for (std::size_t n = 0; n < result.samples.size(); ++n)
    if (!std::isfinite(result.samples[n]))
      refuse_recording(file, "sample " + std::to_string(first + static_cast<std::int64_t>(n)) +
                                 " is not a finite number");
  return result;
}

double declared_seconds(const std::filesystem::path& file) {
  try {
    check_regular(file);
    const auto recording = open_recording(file, false);
    if (recording->frames == Recording::unknown || recording->rate <= 0) return 0;
    return static_cast<double>(recording->frames) / static_cast<double>(recording->rate);
  } catch (const DataError&) {
    return 0;  // decode() will report what is wrong
  }
}

}  // namespace earshot::worker
