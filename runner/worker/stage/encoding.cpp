#include "worker/stage/encoding.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

#include <ATen/ATen.h>

#include "worker/audio/policy.hpp"
#include "worker/plugin/facts.hpp"
#include "worker/plugin/shared_state.hpp"
#include "worker/stage/context.hpp"
#include "worker/stage/opened.hpp"
#include "worker/stage/source_features.hpp"

namespace earshot::worker {

namespace {

/// Frames of a whole clip may differ by this from duration times frame rate (Encoder::encode,
/// Reader::read), and by what rounding of the two adds.
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
  if (auto* reader = made_.as<Reader>()) {
    reads_ = reader->reads();
    if (!made_.connected)
      throw ConfigError(name_ + " reads other encoders in place of audio; name them in 'from'");
  } else {
    needs_ = with_overrides(encoder.needs(), source.audio);
  }
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
  std::vector<std::string> names;
  for (const auto& recording : recordings) {
    samples.push_back(recording.samples);
    names.push_back(recording.name);
  }
  auto audio = to_batch(samples, needs_);
  audio.samples = audio.samples.to(device_);
  const auto output = call(
      names, [&] { return made_.require<Encoder>().encode(audio); },
      [&] { return codec_->quantize(audio); });
  std::vector<Duration> durations;
  for (std::size_t b = 0; b < names.size(); ++b) {
    const auto seconds =
        static_cast<double>(audio.lengths[static_cast<std::int64_t>(b)].item<std::int64_t>()) /
        static_cast<double>(audio.sample_rate);
    durations.push_back({seconds, seconds});
  }
  check(output, names, durations);
  return clips_of(output);
}

std::vector<EncodedClip> Encoding::read(std::vector<SourceBatch> sources,
                                        std::span<const std::string> names) {
  std::vector<Duration> durations;
  for (std::size_t b = 0; b < names.size(); ++b)
    durations.push_back(duration_of(sources, static_cast<std::int64_t>(b)));
  move_to(device_, sources);
  auto& reader = made_.require<Reader>();
  const auto output = call(
      names, [&] { return reader.read(sources); }, [&] { return reader.read_codes(sources); });
  check(output, names, durations);
  return clips_of(output);
}

Encoding::Duration Encoding::duration_of(std::span<const SourceBatch> sources, std::int64_t clip) {
  Duration duration{std::numeric_limits<double>::infinity(), 0};
  for (const auto& source : sources)
    std::visit(
        [&](const auto& batch) {
          if (batch.spec.frame_rate == 0) return;
          const auto frames = batch.lengths[clip].template item<std::int64_t>();
          const auto seconds = static_cast<double>(frames) / batch.spec.frame_rate;
          duration.least = std::min(duration.least, seconds);
          duration.most = std::max(duration.most, seconds);
        },
        source);
  return duration;
}

template <class Features, class Codes>
Encoding::Output Encoding::call(std::span<const std::string> names, const Features& features,
                                const Codes& codes) {
  const auto where = [&] {
    return name_ + ", clip " + names.front() +
           (names.size() > 1 ? " and " + std::to_string(names.size() - 1) + " more" : "");
  };
  return in_context(where, [&]() -> Output {
    const auto start = std::chrono::steady_clock::now();
    const auto took = [&] {
      encode_seconds +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    const auto whom = [&] { return made_.name; };
    at::manual_seed(0);  // the same draws whichever encoder ran before
    if (codec_ != nullptr) {
      const auto batch = call_plugin(whom, codes);
      took();
      batch.check();
      if (batch.spec != codec_->code_spec())
        throw ContractError("the codes have a spec that differs from code_spec()");
      return {batch.codes.to(at::kCPU, at::kInt), batch.lengths.contiguous(),
              batch.side.defined() ? batch.side.to(at::kCPU) : batch.side};
    }
    const auto batch = call_plugin(whom, features);
    const auto values = batch.values.defined() ? batch.values.to(at::kCPU) : batch.values;
    took();
    batch.check();
    if (batch.spec != made_.require<Encoder>().spec())
      throw ContractError("the features have a spec that differs from spec()");
    return {values.to(layout_.dtype == "float16" ? at::kHalf : at::kFloat),
            batch.lengths.contiguous(),
            {}};
  });
}

std::vector<EncodedClip> Encoding::clips_of(const Output& output) const {
  std::vector<EncodedClip> clips;
  for (std::int64_t b = 0; b < output.values.size(0); ++b) {
    auto& clip = clips.emplace_back();
    clip.frames = output.lengths[b].item<std::int64_t>();
    append(clip.values, output.values[b].slice(codec_ != nullptr ? 1 : 0, 0, clip.frames));
    if (!output.side.defined()) continue;
    clip.side = output.side.size(1);
    append(clip.values, output.side[b]);
  }
  return clips;
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
  if (seconds > 0 && !fits(frames, {seconds, seconds}))
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

bool Encoding::fits(std::int64_t frames, Duration duration) const {
  if (layout_.frame_rate == 0) return true;
  const auto tolerance = codec_ != nullptr && reads_.empty() ? code_tolerance : frame_tolerance;
  const auto count = static_cast<double>(frames);
  return count >= std::max(1.0, duration.least * layout_.frame_rate) - tolerance &&
         count <= std::max(1.0, duration.most * layout_.frame_rate) + tolerance;
}

void Encoding::check(const Output& output, std::span<const std::string> names,
                     std::span<const Duration> durations) const {
  if (output.values.size(0) != static_cast<std::int64_t>(names.size()))
    throw ContractError(name_ + ": " + std::to_string(output.values.size(0)) +
                        " results for a batch of " + std::to_string(names.size()));
  for (std::size_t n = 0; n < names.size(); ++n) {
    const auto b = static_cast<std::int64_t>(n);
    const auto where = name_ + ", clip " + names[n] + ": ";
    const auto frames = output.lengths[b].item<std::int64_t>();
    const auto& [least, most] = durations[n];
    if (!fits(frames, durations[n]))
      throw ContractError(
          where + std::to_string(frames) + " frames; duration times frame_rate is " +
          std::to_string(least * layout_.frame_rate) +
          (least < most ? " to " + std::to_string(most * layout_.frame_rate) : "") +
          (codec_ != nullptr && reads_.empty() ? ", two" : ", one") + " more or less is allowed");
    if (codec_ != nullptr) continue;
    if (!at::isfinite(output.values[b].slice(0, 0, frames)).all().item<bool>())
      throw ContractError(where + "features that are not finite" +
                          (layout_.dtype == "float16" ? ", as float16 at least" : ""));
  }
}

}  // namespace earshot::worker
