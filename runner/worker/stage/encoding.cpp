#include "worker/stage/encoding.hpp"

#include <chrono>
#include <cmath>
#include <cstring>

#include <ATen/ATen.h>

#include "worker/audio/policy.hpp"
#include "worker/plugin/facts.hpp"
#include "worker/plugin/shared_state.hpp"
#include "worker/stage/context.hpp"
#include "worker/stage/opened.hpp"

namespace earshot::worker {

namespace {

/// Frames of a whole clip may differ by this from duration times frame rate (Encoder::encode), and
/// by what rounding of the two adds.
constexpr double frame_tolerance = 1 + 1e-6;
/// Codes of overlapping chunks differ by more: a rate counts the overlap, and the last chunk has
/// none. Of EnCodec 48 kHz it is 1.5 frames.
constexpr double code_tolerance = 2;

ShardHeader layout_of(const FeatureSpec& spec, const std::string& dtype) {
  return {.dtype = dtype,
          .frame_rate = spec.frame_rate,
          .first_frame = spec.first_frame,
          .width = spec.dim};
}

ShardHeader layout_of(const CodeSpec& spec) {
  return {.dtype = "int32",
          .frame_rate = spec.frame_rate,
          .first_frame = spec.first_frame,
          .width = spec.codebooks(),
          .sizes = spec.sizes};
}

void append(std::vector<std::byte>& to, const at::Tensor& values) {
  const auto flat = values.contiguous();
  const auto* data = static_cast<const std::byte*>(flat.const_data_ptr());
  to.insert(to.end(), data, data + flat.nbytes());
}

}  // namespace

Encoding::Encoding(const protocol::FeatureSource& source, c10::Device device)
    : made_(open_encoder(source.encoder, device)),
      device_(device),
      name_("encoder '" + source.encoder.component + "'") {
  auto& encoder = made_.require<Encoder>();
  needs_ = with_overrides(encoder.needs(), source.audio);
  if (source.dtype != "float32" && source.dtype != "float16")
    throw ConfigError("features as '" + source.dtype + "'; allowed: 'float32', 'float16'");
  if (!source.codes) {
    layout_ = layout_of(encoder.spec(), source.dtype);
    lookup_ = made_.as<Lookup>();
    return;
  }
  codec_ = made_.as<Lookup>() == nullptr ? made_.as<Codec>() : nullptr;
  if (codec_ == nullptr) throw Unsupported(name_ + " is not a codec, so it has no codes");
  layout_ = layout_of(codec_->code_spec());
}

protocol::Facts Encoding::facts() const {
  return worker::facts(made_);
}

double Encoding::estimated_bytes(double seconds) const {
  seconds = std::max(seconds, needs_.pad == Pad::none ? 0 : needs_.min_seconds);
  if (needs_.max_seconds > 0) seconds = std::min(seconds, needs_.max_seconds);
  const auto frames = std::max(1.0, seconds * layout_.frame_rate);
  return frames * static_cast<double>(layout_.width) * static_cast<double>(layout_.value_bytes());
}

std::vector<EncodedClip> Encoding::encode(std::span<const Prepared> recordings) {
  std::vector<std::vector<float>> samples;
  for (const auto& recording : recordings)
    samples.push_back(recording.samples);
  auto audio = to_batch(samples, needs_);
  audio.samples = audio.samples.to(device_);

  at::Tensor lengths, side;
  const auto values = run(audio, recordings, lengths, side);
  check(values, lengths, audio, recordings);
  std::vector<EncodedClip> clips;
  for (std::int64_t b = 0; b < values.size(0); ++b) {
    auto& clip = clips.emplace_back();
    clip.frames = lengths[b].item<std::int64_t>();
    append(clip.values, values[b].slice(codec_ != nullptr ? 1 : 0, 0, clip.frames));
    if (!side.defined()) continue;
    clip.side = side.size(1);
    append(clip.values, side[b]);
  }
  return clips;
}

at::Tensor Encoding::run(const AudioBatch& audio, std::span<const Prepared> recordings,
                         at::Tensor& lengths, at::Tensor& side) {
  const auto where = [&] {
    return name_ + ", clip " + recordings.front().name +
           (recordings.size() > 1 ? " and " + std::to_string(recordings.size() - 1) + " more" : "");
  };
  return in_context(where, [&] {
    const auto start = std::chrono::steady_clock::now();
    const auto took = [&] {
      encode_seconds +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    const auto whom = [&] { return made_.name; };
    at::manual_seed(0);  // the same draws whichever encoder ran before
    if (codec_ != nullptr) {
      const auto batch = call_plugin(whom, [&] { return codec_->quantize(audio); });
      took();
      batch.check();
      if (batch.spec != codec_->code_spec())
        throw ContractError("the codes have a spec that differs from code_spec()");
      lengths = batch.lengths.contiguous();
      if (batch.side.defined()) side = batch.side.to(at::kCPU);
      return batch.codes.to(at::kCPU, at::kInt);
    }
    const auto batch = call_plugin(whom, [&] { return made_.require<Encoder>().encode(audio); });
    const auto values = batch.values.defined() ? batch.values.to(at::kCPU) : batch.values;
    took();
    batch.check();
    if (batch.spec != made_.require<Encoder>().spec())
      throw ContractError("the features have a spec that differs from spec()");
    lengths = batch.lengths.contiguous();
    return values.to(layout_.dtype == "float16" ? at::kHalf : at::kFloat);
  });
}

std::int64_t Encoding::look_up(const ClipName& clip, double seconds,
                               std::vector<std::byte>& values) {
  const auto start = std::chrono::steady_clock::now();
  const auto found =
      call_plugin([&] { return made_.name; }, [&] { return lookup_->look_up(clip); });
  encode_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!found.defined() || found.dim() != 2 || found.size(0) < 1 || found.size(1) != layout_.width ||
      (layout_.frame_rate == 0 && found.size(0) != 1))
    throw ContractError(name_ + ": look_up() gives " +
                        (found.defined() ? c10::str(found.sizes()) : "nothing") + "; expected (" +
                        (layout_.frame_rate == 0 ? "1" : "T") + ", " +
                        std::to_string(layout_.width) + ")");
  const auto frames = found.size(0);
  const auto expected = seconds * layout_.frame_rate;
  if (seconds > 0 && !fits(frames, expected))
    throw DataError(std::to_string(frames) + " frames; its " + protocol::Json(seconds).dump() +
                    " s have " + protocol::Json(expected).dump() + " at " +
                    protocol::Json(layout_.frame_rate).dump() +
                    " Hz, plus or minus one. Is the frame rate right?");
  const auto cached = found.to(layout_.dtype == "float16" ? at::kHalf : at::kFloat);
  if (!at::isfinite(cached).all().item<bool>())
    throw DataError("features that are not finite, as " + layout_.dtype + " at least");
  append(values, cached);
  return frames;
}

bool Encoding::fits(std::int64_t frames, double expected) const {
  return layout_.frame_rate == 0 ||
         std::abs(static_cast<double>(frames) - std::max(1.0, expected)) <=
             (codec_ != nullptr ? code_tolerance : frame_tolerance);
}

void Encoding::check(const at::Tensor& values, const at::Tensor& lengths, const AudioBatch& audio,
                     std::span<const Prepared> recordings) const {
  const auto size = static_cast<std::int64_t>(recordings.size());
  if (values.size(0) != size)
    throw ContractError(name_ + ": " + std::to_string(values.size(0)) + " results for a batch of " +
                        std::to_string(size));
  for (std::int64_t b = 0; b < size; ++b) {
    const auto where = name_ + ", clip " + recordings[static_cast<std::size_t>(b)].name + ": ";
    const auto frames = lengths[b].item<std::int64_t>();
    const auto expected = layout_.frame_rate *
                          static_cast<double>(audio.lengths[b].item<std::int64_t>()) /
                          static_cast<double>(audio.sample_rate);
    if (!fits(frames, expected))
      throw ContractError(where + std::to_string(frames) +
                          " frames; duration times frame_rate is " + std::to_string(expected) +
                          (codec_ != nullptr ? ", two" : ", one") + " more or less is allowed");
    if (codec_ != nullptr) continue;
    if (!at::isfinite(values[b].slice(0, 0, frames)).all().item<bool>())
      throw ContractError(where + "features that are not finite" +
                          (layout_.dtype == "float16" ? ", as float16 at least" : ""));
  }
}

}  // namespace earshot::worker
