#include "model.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/ATen.h>

#include <earshot/error.hpp>

namespace encodec {

namespace {

using earshot::DataError;
using earshot::kit::Checkpoint;
using earshot::kit::ConvolutionNorm;
using earshot::kit::Parameters;
using earshot::kit::ResidualQuantizer;

constexpr double silence = 1e-8;  // added to the loudness, so that silence can be divided by it

/// Accepts both spellings: that of the published files, and that of transformers 5.
earshot::kit::NameMap name_map() {
  return earshot::kit::NameMap()
      .replace(R"(\.parametrizations\.weight\.original0$)", ".weight_g")
      .replace(R"(\.parametrizations\.weight\.original1$)", ".weight_v")
      .ignore(R"(\.codebook\.(embed_avg|cluster_size|inited)$)");  // used in training only
}

bool has_weight_norm(const Checkpoint& checkpoint) {
  return std::any_of(
      checkpoint.names().begin(), checkpoint.names().end(), [](const std::string& name) {
        return name.ends_with(".weight_g") || name.ends_with(".parametrizations.weight.original0");
      });
}

earshot::kit::SeanetOptions with_norm(earshot::kit::SeanetOptions options, bool weight_norm) {
  if (weight_norm) options.norm = ConvolutionNorm::weight;
  return options;
}

ResidualQuantizer declare_quantizer(const Architecture& architecture, Parameters& parameters) {
  std::vector<at::Tensor> codebooks;
  for (std::int64_t level = 0; level < architecture.codebooks; ++level)
    codebooks.push_back(parameters.add(Model::codebook_name(level),
                                       {architecture.codebook_size, architecture.seanet.width},
                                       {-1, 1}));
  return ResidualQuantizer(codebooks);
}

void check(const Architecture& a, const std::string& place) {
  constexpr std::int64_t most = 1 << 20;
  const auto refuse = [&](const std::string& what) {
    throw DataError(place + ": " + what + ". Download the file again");
  };
  if (a.sample_rate < 1 || a.sample_rate > most) refuse("'sampling_rate' is impossible");
  if (a.codebook_size < 2 || a.codebook_size > most) refuse("'codebook_size' is impossible");
  if (a.bandwidths.empty() ||
      !std::all_of(a.bandwidths.begin(), a.bandwidths.end(), [](double b) { return b > 0; }))
    refuse("'target_bandwidths' are not all above 0");
}

void read_chunks(const earshot::kit::ModelConfig& config, Architecture& a) {
  constexpr double most_seconds = 3600;
  const auto seconds = config.get<double>("chunk_length_s");
  const auto overlap = config.get<double>("overlap", 0.0);
  const auto samples = std::clamp(seconds, 0.0, most_seconds) * static_cast<double>(a.sample_rate);
  if (!(seconds <= most_seconds && overlap >= 0 && overlap < 1 && samples >= 1))
    throw DataError(config.place() +
                    ": 'chunk_length_s' and 'overlap' are impossible. Download the file again");
  a.chunk = static_cast<std::int64_t>(samples);
  // Truncated as in the reference.
  a.stride = std::max<std::int64_t>(
      1, static_cast<std::int64_t>((1 - overlap) * static_cast<double>(a.chunk)));
}

}  // namespace

std::int64_t Architecture::frame_rate() const {
  return (sample_rate + seanet.hop() - 1) / seanet.hop();
}

std::int64_t Architecture::levels(double bandwidth) const {
  const auto each =
      std::log2(static_cast<double>(codebook_size)) * static_cast<double>(frame_rate());
  return std::clamp(static_cast<std::int64_t>(std::floor(1000 * bandwidth / each)), std::int64_t{1},
                    codebooks);
}

Architecture preset(const std::string& name) {
  Architecture a;
  if (name.starts_with("tiny")) {
    a.seanet.filters = 4;
    a.seanet.width = 32;
    a.codebook_size = 64;
    a.codebooks = 8;
    a.bandwidths = {0.9, 1.8, 3.6};
  }
  if (name == "tiny_wide") {
    a.seanet.width = 64;
    a.normalize = true;
  }
  if (name == "48khz" || name == "tiny_stereo") {
    a.sample_rate = 48000;
    a.seanet.channels = 2;
    a.seanet.causal = false;
    a.seanet.norm = ConvolutionNorm::time_group;
    a.normalize = true;
    a.chunk = 48000;
    a.stride = 47520;
    a.codebooks = std::min<std::int64_t>(a.codebooks, 16);
    a.bandwidths =
        name == "48khz" ? std::vector<double>{3, 6, 12, 24} : std::vector<double>{1.8, 3.6, 7.2};
  }
  return a;
}

Architecture read_architecture(const Checkpoint& checkpoint) {
  const auto config = checkpoint.config();
  Architecture a{.seanet = earshot::kit::seanet_options(config),
                 .sample_rate = config.get<std::int64_t>("sampling_rate"),
                 .bandwidths = config.get<std::vector<double>>("target_bandwidths"),
                 .codebooks = 0,
                 .codebook_size = config.get<std::int64_t>("codebook_size"),
                 .normalize = config.get<bool>("normalize")};
  constexpr std::int64_t most_layers = 16;
  a.seanet.lstm_layers =
      std::clamp<std::int64_t>(config.get<std::int64_t>("num_lstm_layers"), 0, most_layers);
  const auto norm = config.get<std::string>("norm_type");
  if (norm == "time_group_norm")
    a.seanet.norm = ConvolutionNorm::time_group;
  else if (norm != "weight_norm")
    throw DataError(config.place() + ": 'norm_type' is \"" + norm +
                    "\"; allowed: weight_norm, time_group_norm");
  check(a, config.place());
  if (config.contains("chunk_length_s")) read_chunks(config, a);
  while (checkpoint.contains(Model::codebook_name(a.codebooks)))
    ++a.codebooks;
  if (a.codebooks == 0)
    throw DataError(checkpoint.path().string() + ": '" + Model::codebook_name(0) +
                    "' is missing; expected a checkpoint of EnCodec");
  return a;
}

std::string config_text(const Architecture& a) {
  earshot::kit::ConfigText config;
  config.add("model_type", "encodec");
  earshot::kit::add_seanet(a.seanet, config);
  config.add("sampling_rate", a.sample_rate)
      .add("target_bandwidths", a.bandwidths)
      .add("codebook_size", a.codebook_size)
      .add("normalize", a.normalize)
      .add("num_lstm_layers", a.seanet.lstm_layers)
      .add("norm_type",
           a.seanet.norm == ConvolutionNorm::time_group ? "time_group_norm" : "weight_norm");
  if (a.chunk == 0) return config.text();
  // Half a sample more, since what is read is truncated to whole ones.
  constexpr double half = 0.5;
  const auto chunk = static_cast<double>(a.chunk), stride = static_cast<double>(a.stride);
  return config.add("chunk_length_s", (chunk + half) / static_cast<double>(a.sample_rate))
      .add("overlap", 1 - (stride + half) / chunk)
      .text();
}

Model::Model(const Architecture& architecture, bool weight_norm, Parameters parameters)
    : architecture_(architecture),
      parameters_(std::move(parameters)),
      encoder_(with_norm(architecture.seanet, weight_norm), parameters_, "encoder"),
      decoder_(with_norm(architecture.seanet, weight_norm), parameters_, "decoder"),
      quantizer_(declare_quantizer(architecture, parameters_)) {}

Model::Model(const Architecture& architecture, const Checkpoint& checkpoint, c10::Device device)
    : Model(architecture, has_weight_norm(checkpoint), Parameters(device, checkpoint)) {
  parameters_.load(checkpoint, name_map());
}

Model::Model(const Architecture& architecture, std::uint64_t seed, c10::Device device)
    : Model(architecture, false, Parameters(device)) {
  parameters_.randomize(seed);
}

std::string Model::codebook_name(std::int64_t level) {
  return "quantizer.layers." + std::to_string(level) + ".codebook.embed";
}

std::vector<at::Tensor> Model::embeddings(const at::Tensor& audio,
                                          std::vector<at::Tensor>& scales) const {
  const auto& a = architecture_;
  const auto length = audio.size(2);
  const auto chunk = a.chunk == 0 ? length : a.chunk, stride = a.chunk == 0 ? length : a.stride;
  std::vector<at::Tensor> all;
  for (std::int64_t begin = 0; begin < length; begin += stride) {
    auto part = audio.narrow(2, begin, std::min(chunk, length - begin));
    if (a.normalize) {
      const auto mono = part.mean(1, /*keepdim=*/true);
      const auto scale = mono.square().mean(2, /*keepdim=*/true).sqrt() + silence;
      part = part / scale;
      scales.push_back(scale.squeeze(2));
    }
    const auto step = [&](const at::Tensor& x, earshot::kit::Stream* stream) {
      return encoder_.forward(x, stream);
    };
    const auto result =
        a.seanet.streams() ? earshot::kit::in_tiles(part, a.seanet.stretch() * a.seanet.hop(), step)
                           : step(part, nullptr);
    all.push_back(result.transpose(1, 2).contiguous());
  }
  return all;
}

at::Tensor Model::codes(const at::Tensor& embeddings, std::int64_t levels) const {
  return quantizer_.encode(embeddings, levels);
}

at::Tensor Model::embed(const at::Tensor& codes, std::int64_t first) const {
  return quantizer_.decode(codes, first);
}

at::Tensor Model::decode(const Codes& codes) const {
  const auto& seanet = architecture_.seanet;
  std::vector<at::Tensor> parts;
  for (const auto& chunk : codes.chunks) {
    const auto step = [&](const at::Tensor& some, earshot::kit::Stream* stream) {
      return decoder_.forward(embed(some).transpose(1, 2), stream);
    };
    parts.push_back(seanet.streams() ? earshot::kit::in_tiles(chunk, seanet.stretch(), step)
                                     : step(chunk, nullptr));
  }
  return joined(std::move(parts), codes.scales);
}

at::Tensor Model::decode(const std::vector<at::Tensor>& chunks,
                         const std::vector<at::Tensor>& scales) const {
  std::vector<at::Tensor> parts;
  parts.reserve(chunks.size());
  for (const auto& chunk : chunks)
    parts.push_back(decoder_.forward(chunk.transpose(1, 2)));
  return joined(std::move(parts), scales);
}

at::Tensor Model::joined(std::vector<at::Tensor> chunks,
                         const std::vector<at::Tensor>& scales) const {
  if (architecture_.normalize)
    for (std::size_t c = 0; c < chunks.size(); ++c)
      chunks[c] = chunks[c] * scales.at(c).unsqueeze(2);
  return architecture_.chunk == 0 ? chunks.front() : overlap_add(chunks);
}

at::Tensor Model::overlap_add(const std::vector<at::Tensor>& chunks) const {
  // A triangle over the first chunk's length, without its zeros at the ends.
  const auto& first = chunks.front();
  const auto length = first.size(2);
  const auto ramp = at::linspace(0, 1, length + 2, first.options()).narrow(0, 1, length);
  const auto triangle = 0.5 - (ramp - 0.5).abs();
  const auto stride = architecture_.stride;
  const auto last = static_cast<std::int64_t>(chunks.size()) - 1;
  const auto total = stride * last + chunks.back().size(2);
  auto sum = at::zeros({first.size(0), first.size(1), std::max(total, length)}, first.options());
  auto weights = at::zeros({sum.size(2)}, first.options());
  for (std::int64_t c = 0; c <= last; ++c) {
    const auto& part = chunks[static_cast<std::size_t>(c)];
    const auto weight = triangle.narrow(0, 0, part.size(2));
    sum.narrow(2, c * stride, part.size(2)).addcmul_(weight, part);
    weights.narrow(0, c * stride, part.size(2)).add_(weight);
  }
  return (sum / weights).narrow(2, 0, total);
}

}  // namespace encodec
