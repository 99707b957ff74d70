#include "mimi.hpp"

#include <ATen/ATen.h>

#include <lib/models/by_length.hpp>
#include <lib/models/model_options.hpp>
#include <lib/models/stored_tensors.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/input_checks.hpp>

namespace mimi {

namespace {

using earshot::ConfigError;
using earshot::kit::by_length;
using earshot::kit::check_audio;
using earshot::kit::check_codes;

const std::vector<std::string> presets = {"mimi", "tiny"};
constexpr std::int64_t most_clips = 8;  // that run as one batch

}  // namespace

earshot::OptionSchema Mimi::options() {
  auto all = earshot::kit::model_options("hf://kyutai/mimi",
                                         "Checkpoint with its config.json, or random", presets);
  const earshot::OptionSchema own = {
      {.name = "features",
       .value = std::string("quantized"),
       .help = "Where features are taken: after the convolutions, the transformer, the layer that "
               "halves the rate, or the quantiser",
       .choices = {"quantized", "pre_quant", "transformer", "seanet"}},
      {.name = "levels",
       .value = std::int64_t{8},
       .help = "Number of codebooks, the semantic one first",
       .min = 1},
      {.name = "first_level",
       .value = std::int64_t{1},
       .help = "First level of quantized features, earlier levels are left out; 2: acoustic only",
       .min = 1},
      earshot::kit::pretrain_data_option({"7 million hours of audio, mostly English speech"}),
  };
  all.insert(all.end(), own.begin(), own.end());
  const auto training = earshot::kit::CodecLearner::training_options();
  all.insert(all.end(), training.begin(), training.end());
  all.push_back({.name = "teacher_weight",
                 .value = 1.0,
                 .help = "In training: weight of the distance from a teacher's features",
                 .min = 0});
  return all;
}

Mimi::Tap Mimi::tap_from(const std::string& name) {
  if (name == "seanet") return Tap::seanet;
  if (name == "transformer") return Tap::transformer;
  return name == "pre_quant" ? Tap::pre_quant : Tap::quantized;
}

Mimi::Mimi(const earshot::Options& options, const earshot::Context& context)
    : CodecLearner(options, context),
      model_(earshot::kit::make_model<Model>(options, context.device, presets.front(), preset,
                                             read_architecture)),
      random_(options.weights("weights").random()),
      tap_(tap_from(options.text("features"))),
      first_level_(options.integer("first_level")),
      levels_(options.integer("levels")) {
  if (levels_ > model_.architecture().levels())
    throw ConfigError("levels is " + std::to_string(levels_) + "; allowed: 1 to " +
                      std::to_string(model_.architecture().levels()) + ", which the model has");
  if (first_level_ > levels_)
    throw ConfigError("first_level is " + std::to_string(first_level_) + "; allowed: 1 to " +
                      std::to_string(levels_) + ", the number of levels");
}

earshot::AudioNeeds Mimi::needs() const {
  return {.sample_rate = model_.architecture().sample_rate};
}

earshot::FeatureSpec Mimi::grid(std::int64_t hop) const {
  const auto& a = model_.architecture();
  const auto rate = static_cast<double>(a.sample_rate) / static_cast<double>(hop);
  return {.frame_rate = rate, .first_frame = 0.5 / rate, .dim = a.seanet.width};
}

earshot::FeatureSpec Mimi::spec() const {
  const auto& a = model_.architecture();
  return grid(tap_ == Tap::seanet || tap_ == Tap::transformer ? a.seanet.hop() : a.hop());
}

earshot::CodeSpec Mimi::code_spec() const {
  const auto& a = model_.architecture();
  const auto frames = grid(a.hop());
  return {.frame_rate = frames.frame_rate,
          .first_frame = frames.first_frame,
          .sizes = std::vector<std::int64_t>(static_cast<std::size_t>(levels_), a.codebook_size)};
}

at::Tensor Mimi::latents(const at::Tensor& clips) const {
  return model_.encode(clips);
}

at::Tensor Mimi::embedded(const at::Tensor& codes) const {
  const auto first = first_level_ - 1;
  return model_.embed(codes.narrow(1, first, codes.size(1) - first), first).transpose(1, 2);
}

at::Tensor Mimi::features(const at::Tensor& clips) const {
  if (tap_ == Tap::quantized) return embedded(model_.codes(latents(clips), levels_));
  if (tap_ == Tap::pre_quant) return latents(clips).transpose(1, 2);
  const auto positions = model_.seanet(clips);
  return (tap_ == Tap::seanet ? positions : model_.encoder_transformer(positions)).transpose(1, 2);
}

earshot::FeatureBatch Mimi::encode(const earshot::AudioBatch& audio) {
  check_audio(audio, needs());
  const auto rows = by_length(audio.samples, audio.lengths, most_clips,
                              [&](const at::Tensor& clips) { return features(clips); });
  return {.values = rows.values, .lengths = rows.lengths, .spec = spec()};
}

earshot::CodeBatch Mimi::quantize(const earshot::AudioBatch& audio) {
  check_audio(audio, needs());
  const auto rows =
      by_length(audio.samples, audio.lengths, most_clips, [&](const at::Tensor& clips) {
        return model_.codes(latents(clips), levels_).transpose(1, 2);
      });
  return {.codes = rows.values.transpose(1, 2).contiguous(),
          .lengths = rows.lengths,
          .spec = code_spec()};
}

earshot::FeatureBatch Mimi::embed(const earshot::CodeBatch& codes) {
  check_codes(codes, code_spec());
  const auto levels = codes.spec.codebooks();
  if (levels < first_level_)
    throw earshot::Unsupported("features begin with level " + std::to_string(first_level_) +
                               "; codes have " + std::to_string(levels) + " levels");
  const auto rows = by_length(codes.codes, codes.lengths, most_clips,
                              [&](const at::Tensor& some) { return embedded(some); });
  return {
      .values = rows.values, .lengths = rows.lengths, .spec = grid(model_.architecture().hop())};
}

earshot::AudioBatch Mimi::decode(const earshot::CodeBatch& codes) {
  check_codes(codes, code_spec());
  const auto rows = by_length(codes.codes, codes.lengths, most_clips, [&](const at::Tensor& some) {
    return model_.decode(some).transpose(1, 2);
  });
  return {.samples = rows.values.transpose(1, 2).contiguous(),
          .lengths = rows.lengths,
          .sample_rate = model_.architecture().sample_rate};
}

earshot::State Mimi::export_weights() const {
  auto state = earshot::kit::state_of(model_.checkpoint());
  state.text["config.json"] = config_text(model_.architecture());
  return state;
}

earshot::kit::CodecParts Mimi::parts() const {
  const auto& a = model_.architecture();
  earshot::kit::CodecParts parts{.random = random_,
                                 .needs = needs(),
                                 .width = a.seanet.width,
                                 .frames = grid(a.hop()),
                                 .can_have_teacher = true};
  parts.frames.dim = a.codebook_width;
  const bool acoustic = levels_ > a.semantic_levels;
  for (const auto& [name, tensor] : model_.tensors())
    if (name.find(".codebook.") == std::string::npos &&
        (acoustic || !name.starts_with("quantizer.acoustic")))
      (name.starts_with("decoder") || name.starts_with("upsample") ? parts.decoder : parts.encoder)
          .emplace_back(name, tensor);
  for (std::int64_t level = 0; level < levels_; ++level) {
    if (level == 0 || level == a.semantic_levels) parts.codebooks.emplace_back();
    const auto name = model_.codebook_name(level);
    parts.codebooks.back().emplace_back(name, model_.tensors().at(name));
  }
  return parts;
}

at::Tensor Mimi::quantised(const at::Tensor& audio, const Quantise& quantise) const {
  const auto& a = model_.architecture();
  const auto x = latents(audio);
  const auto half = [&](std::size_t number, const at::Tensor& projected) {
    return quantise(number, projected.transpose(1, 2)).transpose(1, 2);
  };
  const auto semantic = half(0, model_.semantic_projected(x));
  at::Tensor acoustic;
  if (levels_ > a.semantic_levels) acoustic = half(1, model_.acoustic_projected(x));
  return model_.joined(semantic, acoustic).transpose(1, 2);
}

at::Tensor Mimi::reconstruct(const at::Tensor& audio, const Quantise& quantise) const {
  return model_.decode_features(quantised(audio, quantise).transpose(1, 2));
}

}  // namespace mimi
