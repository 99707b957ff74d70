#include "stability.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>

#include <lib/learn/changes.hpp>
#include <lib/learn/code_use.hpp>

namespace reconstruction {

using earshot::AudioBatch;
using earshot::CodeBatch;

namespace {

/// The share of codes that are the same in two batches of one clip.
double kept(const CodeBatch& first, const CodeBatch& second) {
  const auto changed = earshot::kit::changed_codes(first, 0, second, 0);
  return 1 -
         std::accumulate(changed.begin(), changed.end(), 0.0) / static_cast<double>(changed.size());
}

/// Codes `audio`, as many levels as `like` has.
CodeBatch coded(earshot::Codec& codec, const AudioBatch& audio, const CodeBatch& like) {
  return earshot::kit::first_levels(codec.quantize(audio), like.codes.size(1));
}

AudioBatch batch_of(const at::Tensor& samples, std::int64_t rate) {
  return {samples.contiguous(), at::full({1}, samples.size(2), at::kLong), rate};
}

/// Decoded audio with the shape of the original: cut, or filled up with silence.
AudioBatch as_long_as(const AudioBatch& original, const AudioBatch& decoded) {
  const auto length = original.lengths[0].item<std::int64_t>();
  const auto there = std::min(length, decoded.lengths[0].item<std::int64_t>());
  auto samples = at::zeros({1, original.samples.size(1), length}, original.samples.options());
  samples.narrow(2, 0, there).copy_(decoded.samples.narrow(2, 0, there));
  return batch_of(samples, original.sample_rate);
}

double kept_recoded(earshot::Codec& codec, const CodeBatch& codes, const AudioBatch& audio) {
  auto now = codes;
  for (int time = 0; time < recodings; ++time)
    now = coded(codec, as_long_as(audio, codec.decode(now)), codes);
  return kept(codes, now);
}

double kept_shifted(earshot::Codec& codec, const CodeBatch& codes, const AudioBatch& audio) {
  const auto length = audio.lengths[0].item<std::int64_t>();
  const auto shift = std::min(
      length, std::max<std::int64_t>(
                  1, std::llround(shift_seconds * static_cast<double>(audio.sample_rate))));
  auto samples = at::zeros({1, audio.samples.size(1), length}, audio.samples.options());
  samples.narrow(2, 0, length - shift).copy_(audio.samples.narrow(2, shift, length - shift));
  return kept(codes, coded(codec, batch_of(samples, audio.sample_rate), codes));
}

/// A batch of one clip with these codes, (Q, T) each, one after another.
CodeBatch joined(const std::vector<at::Tensor>& parts, const CodeBatch& like) {
  const auto all = at::cat(parts, 1).unsqueeze(0);
  return {.codes = all, .lengths = at::full({1}, all.size(2), at::kLong), .spec = like.spec};
}

/// The codes of chunks, and those of the whole in the same frames.
double kept_chunked(earshot::Codec& codec, const CodeBatch& codes, const AudioBatch& audio,
                    std::int64_t chunk_frames) {
  const auto length = audio.lengths[0].item<std::int64_t>();
  const auto frames = codes.lengths[0].item<std::int64_t>();
  const auto sample_of = [&](std::int64_t frame) {
    return std::min(length, static_cast<std::int64_t>(
                                std::llround(static_cast<double>(frame) / codes.spec.frame_rate *
                                             static_cast<double>(audio.sample_rate))));
  };
  std::vector<at::Tensor> whole, chunks;
  for (std::int64_t first = 0; first < frames && sample_of(first) < length; first += chunk_frames) {
    const auto begin = sample_of(first), end = sample_of(first + chunk_frames);
    const auto chunk = coded(
        codec, batch_of(audio.samples.narrow(2, begin, end - begin), audio.sample_rate), codes);
    const auto count =
        std::min({chunk_frames, frames - first, chunk.lengths[0].item<std::int64_t>()});
    whole.push_back(codes.codes[0].narrow(1, first, count));
    chunks.push_back(chunk.codes[0].narrow(1, 0, count));
  }
  return kept(joined(whole, codes), joined(chunks, codes));
}

}  // namespace

earshot::Numbers kept_codes(earshot::Codec& codec, const CodeBatch& codes, const AudioBatch& audio,
                            double min_seconds) {
  earshot::Numbers numbers{{"kept_recoded", kept_recoded(codec, codes, audio)},
                           {"kept_shifted", kept_shifted(codec, codes, audio)}};
  const auto rate = codes.spec.frame_rate;
  if (rate == 0 || min_seconds > 0) return numbers;
  const auto chunk_frames = std::max<std::int64_t>(1, std::llround(chunk_seconds * rate));
  const auto seconds = static_cast<double>(audio.lengths[0].item<std::int64_t>()) /
                       static_cast<double>(audio.sample_rate);
  if (seconds > static_cast<double>(chunk_frames) / rate)
    numbers["kept_chunked"] = kept_chunked(codec, codes, audio, chunk_frames);
  return numbers;
}

}  // namespace reconstruction
