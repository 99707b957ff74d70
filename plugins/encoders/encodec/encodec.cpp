#include "encodec.hpp"

#include <algorithm>

#include <ATen/ATen.h>

#include <lib/models/by_length.hpp>
#include <lib/models/model_options.hpp>
#include <lib/models/stored_tensors.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/input_checks.hpp>

namespace encodec {

namespace {

using earshot::ConfigError;
using earshot::ContractError;
using earshot::kit::check_audio;
using earshot::kit::check_codes;
using earshot::kit::each_length;
using earshot::kit::padded;
using earshot::kit::pick;

const std::vector<std::string> presets = {"24khz", "48khz", "tiny", "tiny_wide", "tiny_stereo"};
constexpr std::int64_t most_clips = 8;  // that run as one batch

std::int64_t levels_of(const earshot::Options& options, const Architecture& architecture) {
  const auto levels = options.integer("levels");
  const auto bandwidth = options.number("bandwidth");
  if (levels > architecture.codebooks)
    throw ConfigError("levels is " + std::to_string(levels) + "; allowed: up to " +
                      std::to_string(architecture.codebooks) + ", which the model has");
  if (levels > 0 && bandwidth > 0)
    throw ConfigError("levels and bandwidth exclude each other; give one of them");
  if (levels > 0) return levels;
  const auto& trained = architecture.bandwidths;
  if (bandwidth == 0) return architecture.levels(*std::min_element(trained.begin(), trained.end()));
  if (std::find(trained.begin(), trained.end(), bandwidth) == trained.end()) {
    std::string allowed;
    for (const auto each : trained)
      allowed += c10::str(allowed.empty() ? "" : ", ", each);
    throw ConfigError(c10::str("bandwidth is ", bandwidth, " kbit/s; allowed: ", allowed,
                               ", for which the model was trained, or levels"));
  }
  return architecture.levels(bandwidth);
}

}  // namespace

earshot::OptionSchema Encodec::options() {
  auto all = earshot::kit::model_options(
      "hf://facebook/encodec_24khz",
      "Checkpoint with its config.json, such as hf://facebook/encodec_48khz, or random", presets);
  const earshot::OptionSchema own = {
      {.name = "features",
       .value = std::string("quantized"),
       .help = "Features: embeddings before the quantiser, or the sum of levels after it",
       .choices = {"quantized", "pre_quant"}},
      {.name = "bandwidth",
       .value = 0.0,
       .help = "Bit rate of the codes; 0: from levels, or else the smallest of the model",
       .unit = "kbit/s",
       .min = 0},
      {.name = "levels",
       .value = std::int64_t{0},
       .help = "Number of codebooks, coarsest first; 0: from bandwidth",
       .min = 0},
      {.name = "first_level",
       .value = std::int64_t{1},
       .help = "First level of quantized features; earlier levels are left out",
       .min = 1},
      earshot::kit::pretrain_data_option(
          {"DNS Challenge 4", "Common Voice", "AudioSet", "FSD50K", "Jamendo"}),
  };
  all.insert(all.end(), own.begin(), own.end());
  const auto training = earshot::kit::CodecLearner::training_options();
  all.insert(all.end(), training.begin(), training.end());
  return all;
}

Encodec::Encodec(const earshot::Options& options, const earshot::Context& context)
    : CodecLearner(options, context),
      model_(earshot::kit::make_model<Model>(options, context.device, presets.front(), preset,
                                             read_architecture)),
      random_(options.weights("weights").random()),
      quantized_(options.text("features") == "quantized"),
      first_level_(options.integer("first_level")),
      levels_(levels_of(options, model_.architecture())) {
  if (first_level_ > levels_)
    throw ConfigError("first_level is " + std::to_string(first_level_) + "; allowed: 1 to " +
                      std::to_string(levels_) + ", the number of levels");
}

earshot::AudioNeeds Encodec::needs() const {
  const auto& a = model_.architecture();
  return {.sample_rate = a.sample_rate, .channels = a.seanet.channels};
}

earshot::FeatureSpec Encodec::spec() const {
  const auto& a = model_.architecture();
  const auto rate = static_cast<double>(a.sample_rate) / static_cast<double>(a.seanet.hop());
  return {.frame_rate = rate, .first_frame = 0.5 / rate, .dim = a.seanet.width};
}

std::int64_t Encodec::chunk_frames() const {
  const auto& a = model_.architecture();
  return (a.chunk + a.seanet.hop() - 1) / a.seanet.hop();
}

earshot::CodeSpec Encodec::code_spec() const {
  const auto& a = model_.architecture();
  auto rate = spec().frame_rate;
  if (a.chunk != 0)
    rate = static_cast<double>(chunk_frames()) * static_cast<double>(a.sample_rate) /
           static_cast<double>(a.stride);
  return {.frame_rate = rate,
          .first_frame = spec().first_frame,
          .sizes = std::vector<std::int64_t>(static_cast<std::size_t>(levels_), a.codebook_size)};
}

at::Tensor Encodec::on_grid(const std::vector<at::Tensor>& chunks, std::int64_t samples) const {
  if (chunks.size() == 1) return chunks.front();
  const auto& a = model_.architecture();
  const auto hop = a.seanet.hop();
  std::vector<std::int64_t> places;
  for (std::int64_t begin = 0; begin < samples; begin += hop) {
    const auto chunk = begin / a.stride;
    places.push_back(chunk * chunk_frames() + (begin - chunk * a.stride) / hop);
  }
  const auto all = at::cat(chunks, 1);
  return all.index_select(1, at::tensor(places, at::kLong).to(all.device()));
}

earshot::FeatureBatch Encodec::encode(const earshot::AudioBatch& audio) {
  check_audio(audio, needs());
  const auto rows = earshot::kit::by_length(
      audio.samples, audio.lengths, most_clips, [&](const at::Tensor& clips) {
        std::vector<at::Tensor> scales;
        const auto features = on_grid(model_.embeddings(clips, scales), clips.size(2));
        return quantized_ ? embedded(model_.codes(features, levels_)) : features;
      });
  return {.values = rows.values, .lengths = rows.lengths, .spec = spec()};
}

at::Tensor Encodec::embedded(const at::Tensor& codes) const {
  const auto first = first_level_ - 1;
  return model_.embed(codes.narrow(1, first, codes.size(1) - first), first);
}

earshot::CodeBatch Encodec::quantize(const earshot::AudioBatch& audio) {
  check_audio(audio, needs());
  const auto count = static_cast<std::size_t>(audio.samples.size(0));
  std::vector<at::Tensor> rows(count), loudness(count);
  each_length(audio.lengths, most_clips, [&](std::int64_t length, const auto& clips) {
    std::vector<at::Tensor> scales;
    const auto chunks = model_.embeddings(pick(audio.samples, clips).narrow(2, 0, length), scales);
    const auto codes = model_.codes(at::cat(chunks, 1), levels_).transpose(1, 2);
    for (std::size_t i = 0; i < clips.size(); ++i) {
      const auto clip = static_cast<std::size_t>(clips[i]);
      rows[clip] = codes[static_cast<std::int64_t>(i)];
      if (!scales.empty()) loudness[clip] = at::cat(scales, 1)[static_cast<std::int64_t>(i)];
    }
  });
  const auto all = padded(rows);
  earshot::CodeBatch batch{.codes = all.values.transpose(1, 2).contiguous(),
                           .lengths = all.lengths,
                           .spec = code_spec()};
  if (model_.architecture().normalize) batch.side = padded(loudness).values;
  return batch;
}

earshot::FeatureBatch Encodec::embed(const earshot::CodeBatch& codes) {
  check_codes(codes, code_spec());
  const auto levels = codes.spec.codebooks();
  if (levels < first_level_)
    throw earshot::Unsupported("features begin with level " + std::to_string(first_level_) +
                               "; codes have " + std::to_string(levels) + " levels");
  const auto rows = earshot::kit::by_length(codes.codes, codes.lengths, most_clips,
                                            [&](const at::Tensor& some) { return embedded(some); });
  auto grid = spec();
  grid.frame_rate = codes.spec.frame_rate;
  return {.values = rows.values, .lengths = rows.lengths, .spec = grid};
}

earshot::AudioBatch Encodec::decode(const earshot::CodeBatch& codes) {
  check_codes(codes, code_spec());
  const auto& a = model_.architecture();
  const auto chunk_count = [&](std::int64_t frames) {
    return a.chunk == 0 ? 1 : (frames + chunk_frames() - 1) / chunk_frames();
  };
  if (a.normalize && (!codes.side.defined() ||
                      codes.side.size(1) < chunk_count(codes.lengths.max().item<std::int64_t>())))
    throw ContractError("codes have no loudness for each chunk; expected the side of quantize()");
  std::vector<at::Tensor> rows(static_cast<std::size_t>(codes.codes.size(0)));
  each_length(codes.lengths, most_clips, [&](std::int64_t frames, const auto& clips) {
    const auto some = pick(codes.codes, clips);
    Codes coded;
    for (std::int64_t c = 0; c < chunk_count(frames); ++c) {
      const auto size = a.chunk == 0 ? frames : chunk_frames();
      coded.chunks.push_back(some.narrow(2, c * size, std::min(size, frames - c * size)));
      if (a.normalize) coded.scales.push_back(pick(codes.side, clips).narrow(1, c, 1));
    }
    const auto audio = model_.decode(coded).transpose(1, 2);
    for (std::size_t i = 0; i < clips.size(); ++i)
      rows[static_cast<std::size_t>(clips[i])] = audio[static_cast<std::int64_t>(i)];
  });
  const auto all = padded(rows);
  return {.samples = all.values.transpose(1, 2).contiguous(),
          .lengths = all.lengths,
          .sample_rate = a.sample_rate};
}

earshot::State Encodec::export_weights() const {
  const auto& tensors = model_.tensors();
  auto state = earshot::kit::state_of({tensors.begin(), tensors.end()});
  state.text["config.json"] = config_text(model_.architecture());
  return state;
}

earshot::kit::CodecParts Encodec::parts() const {
  earshot::kit::CodecParts parts{.random = random_,
                                 .needs = needs(),
                                 .width = model_.architecture().seanet.width,
                                 .frames = spec()};
  for (const auto& [name, tensor] : model_.tensors())
    if (!name.starts_with("quantizer."))
      (name.starts_with("decoder.") ? parts.decoder : parts.encoder).emplace_back(name, tensor);
  auto& codebooks = parts.codebooks.emplace_back();
  for (std::int64_t level = 0; level < levels_; ++level) {
    const auto name = Model::codebook_name(level);
    codebooks.emplace_back(name, model_.tensors().at(name));
  }
  return parts;
}

at::Tensor Encodec::quantised(const at::Tensor& audio, const Quantise& quantise) const {
  std::vector<at::Tensor> scales;
  return quantise(0, at::cat(model_.embeddings(audio, scales), 1));
}

at::Tensor Encodec::reconstruct(const at::Tensor& audio, const Quantise& quantise) const {
  std::vector<at::Tensor> scales;
  const auto chunks = model_.embeddings(audio, scales);
  std::vector<std::int64_t> frames;
  frames.reserve(chunks.size());
  for (const auto& chunk : chunks)
    frames.push_back(chunk.size(1));
  const auto quantised = quantise(0, at::cat(chunks, 1));
  return model_.decode(quantised.split_with_sizes(frames, 1), scales);
}

}  // namespace encodec
