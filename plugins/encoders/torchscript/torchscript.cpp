#include "torchscript.hpp"

#include <cmath>

#include <ATen/ATen.h>

#include <lib/models/by_length.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/input_checks.hpp>

namespace torchscript {

namespace {

std::filesystem::path file_of(const earshot::Weights& weights) {
  if (weights.random())
    throw earshot::ConfigError(
        "weights is 'random', but a TorchScript model is a file. Give its path, or "
        "hf://owner/repo/file");
  return weights.path;
}

std::string text(at::IntArrayRef shape) {
  std::string sizes;
  for (const auto size : shape)
    sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
  return '(' + sizes + ')';
}

/// The number of frames of a clip may differ by this from duration times frame rate
/// (Encoder::encode).
constexpr double frame_tolerance = 1 + 1e-6;

}  // namespace

earshot::OptionSchema TorchScript::options() {
  earshot::OptionSchema all{{.name = "weights",
                             .value = earshot::Weights{},
                             .help = "The model, a file written by torch.jit.save",
                             .required = true}};
  for (auto& option : declaration_options())
    all.push_back(std::move(option));
  all.push_back({.name = "batch",
                 .value = std::int64_t{8},
                 .help = "Number of clips of one length that run together; 1 for a model that was "
                         "traced with one",
                 .min = 1,
                 .affects_results = false});
  return all;
}

TorchScript::TorchScript(const earshot::Options& options, const earshot::Context& context)
    : file_(file_of(options.weights("weights"))),
      device_(context.device),
      module_(file_, context.device),
      declared_(declaration(options, module_.about(), file_)),
      most_clips_(options.integer("batch")),
      spec_{declared_.frame_rate, declared_.first_frame, declared_.dim} {
  if (spec_.dim > 0) return;
  const auto samples = std::llround(std::max(1.0, declared_.min_seconds) *
                                    static_cast<double>(declared_.sample_rate));
  spec_.dim = run(at::zeros({1, declared_.channels, samples}, device_)).size(2);
}

earshot::AudioNeeds TorchScript::needs() const {
  return {.sample_rate = declared_.sample_rate,
          .channels = declared_.channels,
          .min_seconds = declared_.min_seconds,
          .pad = declared_.min_seconds > 0 ? earshot::Pad::zero : earshot::Pad::none};
}

void TorchScript::refuse(const std::string& what) const {
  throw earshot::DataError(file_.string() + ": the model " + what);
}

at::Tensor TorchScript::as_frames(const at::Tensor& out) const {
  if (declared_.layout == "bd") return out.unsqueeze(1);
  return declared_.layout == "bdt" ? out.transpose(1, 2) : out;
}

at::Tensor TorchScript::run(const at::Tensor& clips) {
  const auto out = module_.forward(declared_.input == "bn" ? clips.squeeze(1) : clips);
  const std::int64_t dims = declared_.layout == "bd" ? 2 : 3;
  if (out.dim() != dims || out.size(0) != clips.size(0) || out.numel() == 0 ||
      !at::isFloatingType(out.scalar_type()))
    refuse("gives " + std::string(c10::toString(out.scalar_type())) + " " + text(out.sizes()) +
           " of " + std::to_string(clips.size(0)) + " clips; the layout declared is '" +
           declared_.layout + "'" +
           (clips.size(0) > 1 ? ". Was it traced with one? Give batch = 1"
                              : ", of floating-point numbers"));
  auto frames = as_frames(out).to(device_, at::kFloat);
  if (spec_.dim > 0 && frames.size(2) != spec_.dim)
    refuse("gives " + std::to_string(frames.size(2)) + " values per frame; declared is a dim of " +
           std::to_string(spec_.dim) + ". Is the layout '" + declared_.layout + "' right?");
  const auto seconds =
      static_cast<double>(clips.size(2)) / static_cast<double>(declared_.sample_rate);
  const auto expected = spec_.frame_rate == 0 ? 1 : std::max(1.0, seconds * spec_.frame_rate);
  const auto tolerance = spec_.frame_rate == 0 ? 0 : frame_tolerance;
  if (std::abs(static_cast<double>(frames.size(1)) - expected) > tolerance)
    refuse("gives " + std::to_string(frames.size(1)) + " frames of " + std::to_string(seconds) +
           " s; declared is a frame_rate of " + std::to_string(spec_.frame_rate) +
           " Hz, which has " + std::to_string(expected) +
           (spec_.frame_rate == 0 ? "" : ", plus or minus one") + ". Is the layout '" +
           declared_.layout + "' right?");
  return frames;
}

earshot::FeatureBatch TorchScript::encode(const earshot::AudioBatch& audio) {
  earshot::kit::check_audio(audio, needs());
  const auto rows =
      earshot::kit::by_length(audio.samples, audio.lengths, most_clips_,
                              [&](const at::Tensor& clips) { return run(clips.contiguous()); });
  return {.values = rows.values, .lengths = rows.lengths, .spec = spec_};
}

}  // namespace torchscript
