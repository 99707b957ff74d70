#include "model.hpp"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>

#include <earshot/error.hpp>

namespace mimi {

namespace {

using earshot::DataError;
using earshot::kit::CausalTransformerOptions;
using earshot::kit::Checkpoint;
using earshot::kit::Initial;
using earshot::kit::ModelConfig;
using earshot::kit::Padding;
using earshot::kit::Stream;

const std::string semantic_name = "quantizer.semantic_residual_vector_quantizer";
const std::string acoustic_name = "quantizer.acoustic_residual_vector_quantizer";

std::string codebook(const std::string& half, std::int64_t level) {
  return half + ".layers." + std::to_string(level) + ".codebook.";
}

earshot::kit::NameMap name_map(bool from_sums) {
  return earshot::kit::NameMap().ignore(
      from_sums ? R"(\.codebook\.initialized$)"
                : R"(\.codebook\.(initialized|embed_sum|cluster_usage)$)");
}

CausalTransformerOptions transformer_options(const ModelConfig& config) {
  CausalTransformerOptions o;
  o.width = config.get<std::int64_t>("hidden_size");
  o.layers = config.get<std::int64_t>("num_hidden_layers");
  o.heads = config.get<std::int64_t>("num_attention_heads");
  o.key_value_heads = config.get<std::int64_t>("num_key_value_heads", o.heads);
  o.mlp_width = config.get<std::int64_t>("intermediate_size");
  o.window = config.get<std::int64_t>("sliding_window", 0);
  o.norm_epsilon = config.get<double>("norm_eps");
  o.attention_bias = config.get<bool>("attention_bias", false);
  // transformers 5 writes rope_parameters, which takes precedence; older versions wrote it at the
  // top level.
  o.rope_theta = config.contains("rope_parameters")
                     ? config.object("rope_parameters").get<double>("rope_theta")
                     : config.get<double>("rope_theta");
  const auto activation = config.get<std::string>("hidden_act");
  o.tanh_gelu = activation == "gelu_new" || activation == "gelu_pytorch_tanh";
  if (!o.tanh_gelu && activation != "gelu")
    throw DataError(config.place() + ": 'hidden_act' is \"" + activation +
                    "\"; allowed: gelu, gelu_new, gelu_pytorch_tanh");
  constexpr std::int64_t most = 1 << 20;
  for (const auto size : {o.width, o.heads, o.key_value_heads, o.mlp_width})
    if (size < 1 || size > most)
      throw DataError(config.place() +
                      ": invalid sizes for the transformer. Download the file again");
  o.head_width = config.get<std::int64_t>("head_dim", o.width / o.heads);
  if (o.layers < 0 || o.layers > 1000 || o.heads % o.key_value_heads != 0 || o.head_width < 2 ||
      o.head_width % 2 != 0 || o.head_width > most || o.window < 0 || !(o.rope_theta > 0))
    throw DataError(config.place() +
                    ": invalid sizes for the transformer. Download the file again");
  return o;
}

/// A dimension of a tensor in the file. @throws DataError if it has fewer.
std::int64_t size_of(const Checkpoint& checkpoint, const std::string& name, std::size_t dimension) {
  const auto& shape = checkpoint.shape(name);
  if (shape.size() <= dimension || shape[dimension] < 1)
    throw DataError(checkpoint.path().string() + ": '" + name +
                    "' has another shape than in Mimi. Download the file again");
  return shape[dimension];
}

std::int64_t count_levels(const Checkpoint& checkpoint, const std::string& half,
                          const std::string& stored) {
  std::int64_t levels = 0;
  while (checkpoint.contains(codebook(half, levels) + stored))
    ++levels;
  if (levels == 0)
    throw DataError(checkpoint.path().string() + ": '" + codebook(half, 0) + stored +
                    "' is missing; expected a checkpoint of Mimi in transformers' format");
  return levels;
}

earshot::kit::ConvolutionOptions resampling(const Architecture& a, std::int64_t groups) {
  return {.in = a.seanet.width,
          .out = a.seanet.width,
          .kernel = a.resample_kernel,
          .stride = 2,
          .groups = groups,
          .causal = a.seanet.causal,
          .padding = Padding::replicate,
          .bias = false,
          .trim_right = a.seanet.trim_right};
}

}  // namespace

Architecture preset(const std::string& name) {
  Architecture a;
  if (name == "tiny") {
    a.seanet.width = a.transformer.width = a.upsample_groups = 32;
    a.seanet.filters = 4;
    a.transformer.layers = 2;
    a.transformer.heads = a.transformer.key_value_heads = 2;
    a.transformer.head_width = 16;
    a.transformer.mlp_width = 64;
    a.acoustic_levels = 7;
    a.codebook_size = 64;
    a.codebook_width = 16;
  }
  return a;
}

Architecture read_architecture(const Checkpoint& checkpoint) {
  const auto config = checkpoint.config();
  Architecture a;
  a.seanet = earshot::kit::seanet_options(config);
  a.transformer = transformer_options(config);
  a.sample_rate = config.get<std::int64_t>("sampling_rate");
  a.resample_kernel = size_of(checkpoint, "downsample.conv.weight", 2);
  a.upsample_groups = config.get<std::int64_t>("upsample_groups");
  a.from_sums = !checkpoint.contains(codebook(semantic_name, 0) + "embed");
  const std::string stored = a.from_sums ? "embed_sum" : "embed";
  a.semantic_levels = count_levels(checkpoint, semantic_name, stored);
  a.acoustic_levels = count_levels(checkpoint, acoustic_name, stored);
  a.codebook_size = size_of(checkpoint, codebook(semantic_name, 0) + stored, 0);
  a.codebook_width = size_of(checkpoint, codebook(semantic_name, 0) + stored, 1);
  a.projected = checkpoint.contains(semantic_name + ".input_proj.weight");
  constexpr std::int64_t most_rate = 1 << 20;
  if (a.sample_rate < 1 || a.sample_rate > most_rate)
    throw DataError(config.place() + ": 'sampling_rate' is impossible. Download the file again");
  if (a.upsample_groups < 1 || a.seanet.width % a.upsample_groups != 0 || a.resample_kernel < 2 ||
      a.seanet.channels != 1)
    throw DataError(config.place() + ": invalid sizes for Mimi. Download the file again");
  return a;
}

std::string config_text(const Architecture& a) {
  const auto& t = a.transformer;
  earshot::kit::ConfigText config;
  config.add("model_type", "mimi");
  earshot::kit::add_seanet(a.seanet, config);
  return config.add("sampling_rate", a.sample_rate)
      .add("upsample_groups", a.upsample_groups)
      .add("codebook_size", a.codebook_size)
      .add("codebook_dim", a.codebook_width)
      .add("num_quantizers", a.levels())
      .add("num_semantic_quantizers", a.semantic_levels)
      .add("num_hidden_layers", t.layers)
      .add("num_attention_heads", t.heads)
      .add("num_key_value_heads", t.key_value_heads)
      .add("head_dim", t.head_width)
      .add("intermediate_size", t.mlp_width)
      .add("sliding_window", t.window)
      .add("norm_eps", t.norm_epsilon)
      .add("attention_bias", t.attention_bias)
      .add("rope_theta", t.rope_theta)
      .add("hidden_act", t.tanh_gelu ? "gelu_pytorch_tanh" : "gelu")
      .text();
}

Model::Model(const Architecture& a, earshot::kit::Parameters parameters)
    : architecture_(a),
      parameters_(std::move(parameters)),
      encoder_(a.seanet, parameters_, "encoder"),
      decoder_(a.seanet, parameters_, "decoder"),
      encoder_transformer_(a.transformer, parameters_, "encoder_transformer"),
      decoder_transformer_(a.transformer, parameters_, "decoder_transformer"),
      downsample_(resampling(a, 1), parameters_, "downsample"),
      upsample_(resampling(a, a.upsample_groups), parameters_, "upsample"),
      semantic_(declare_half(semantic_name, a.semantic_levels)),
      acoustic_(declare_half(acoustic_name, a.acoustic_levels)) {}

Model::Half Model::declare_half(const std::string& name, std::int64_t levels) {
  const auto& a = architecture_;
  std::vector<at::Tensor> codebooks;
  for (std::int64_t level = 0; level < levels; ++level) {
    const auto at = codebook(name, level);
    codebooks.push_back(parameters_.add(at + (a.from_sums ? "embed_sum" : "embed"),
                                        {a.codebook_size, a.codebook_width}, {-1, 1}));
    if (a.from_sums) parameters_.add(at + "cluster_usage", {a.codebook_size}, Initial::constant(1));
  }
  at::Tensor in, out;
  if (a.projected) {
    in = parameters_.add(name + ".input_proj.weight", {a.codebook_width, a.seanet.width, 1},
                         Initial::fan_in(a.seanet.width));
    out = parameters_.add(name + ".output_proj.weight", {a.seanet.width, a.codebook_width, 1},
                          Initial::fan_in(a.codebook_width));
  }
  return {in, out, earshot::kit::ResidualQuantizer(codebooks)};
}

Model::Model(const Architecture& architecture, const Checkpoint& checkpoint, c10::Device device)
    : Model(architecture, earshot::kit::Parameters(device, checkpoint)) {
  parameters_.load(checkpoint, name_map(architecture.from_sums));
  // Entries are means; unused ones have almost no usage, and the reference's lower bound matters
  // for them.
  constexpr double least_usage = 1e-5;
  if (architecture.from_sums)
    for (const auto& [name, usage] : parameters_.tensors())
      if (const auto end = name.rfind("cluster_usage"); end != std::string::npos)
        at::Tensor(parameters_.tensors().at(name.substr(0, end) + "embed_sum"))
            .div_(usage.clamp_min(least_usage).unsqueeze(1));
}

Model::Model(const Architecture& architecture, std::uint64_t seed, c10::Device device)
    : Model(architecture, earshot::kit::Parameters(device)) {
  parameters_.randomize(seed);
}

at::Tensor Model::seanet(const at::Tensor& audio) const {
  const auto& options = architecture_.seanet;
  if (!options.streams()) return encoder_.forward(audio);
  return earshot::kit::in_tiles(
      audio, options.stretch() * options.hop(),
      [&](const at::Tensor& x, Stream* stream) { return encoder_.forward(x, stream); });
}

at::Tensor Model::transform(const earshot::kit::CausalTransformer& transformer,
                            const at::Tensor& x) const {
  constexpr std::int64_t tile = 512;  // positions: 20 s
  return earshot::kit::in_tiles(x, tile, [&](const at::Tensor& part, Stream* stream) {
    return transformer.forward(part.transpose(1, 2), stream).transpose(1, 2);
  });
}

at::Tensor Model::encoder_transformer(const at::Tensor& x) const {
  return transform(encoder_transformer_, x);
}

at::Tensor Model::latents(const at::Tensor& x) const {
  return downsample_.forward(x);
}

at::Tensor Model::encode(const at::Tensor& audio) const {
  const auto& options = architecture_.seanet;
  if (!options.streams()) return latents(encoder_transformer(seanet(audio)));
  return earshot::kit::in_tiles(
      audio, options.stretch() * options.hop(), [&](const at::Tensor& x, Stream* stream) {
        const auto positions = encoder_.forward(x, stream);
        const auto seen = encoder_transformer_.forward(positions.transpose(1, 2), stream);
        return downsample_.forward(seen.transpose(1, 2), stream);
      });
}

at::Tensor Model::semantic_projected(const at::Tensor& latents) const {
  return semantic_.in.defined() ? at::conv1d(latents, semantic_.in) : latents;
}

at::Tensor Model::acoustic_projected(const at::Tensor& latents) const {
  return acoustic_.in.defined() ? at::conv1d(latents, acoustic_.in) : latents;
}

at::Tensor Model::codes(const at::Tensor& latents, std::int64_t levels) const {
  // Both halves read the latents: the acoustic one does not code the residual of the semantic one.
  const auto semantic = std::min(levels, architecture_.semantic_levels);
  auto codes = semantic_.quantizer.encode(semantic_projected(latents).transpose(1, 2), semantic);
  if (levels == semantic) return codes;
  return at::cat({codes, acoustic_.quantizer.encode(acoustic_projected(latents).transpose(1, 2),
                                                    levels - semantic)},
                 1);
}

at::Tensor Model::embed(const at::Tensor& codes, std::int64_t first) const {
  const auto boundary = architecture_.semantic_levels, end = first + codes.size(1);
  const auto part = [&](const Half& half, std::int64_t offset, std::int64_t from, std::int64_t to) {
    if (from >= to) return at::Tensor();
    return half.quantizer.decode(codes.narrow(1, from - first, to - from), from - offset)
        .transpose(1, 2);
  };
  return joined(part(semantic_, 0, first, std::min(end, boundary)),
                part(acoustic_, boundary, std::max(first, boundary), end));
}

at::Tensor Model::joined(const at::Tensor& semantic, const at::Tensor& acoustic) const {
  const auto projected = [](const Half& half, const at::Tensor& values) {
    return half.out.defined() ? at::conv1d(values, half.out) : values;
  };
  if (!acoustic.defined()) return projected(semantic_, semantic);
  if (!semantic.defined()) return projected(acoustic_, acoustic);
  return projected(semantic_, semantic) + projected(acoustic_, acoustic);
}

std::string Model::codebook_name(std::int64_t level) const {
  const auto& a = architecture_;
  const bool semantic = level < a.semantic_levels;
  return codebook(semantic ? semantic_name : acoustic_name,
                  semantic ? level : level - a.semantic_levels) +
         (a.from_sums ? "embed_sum" : "embed");
}

earshot::NamedTensors Model::checkpoint() const {
  earshot::NamedTensors all;
  for (const auto& [name, tensor] : tensors())
    if (name.ends_with("embed_sum"))  // which has been divided by the usage
      all.emplace_back(name.substr(0, name.rfind("_sum")), tensor);
    else if (!name.ends_with("cluster_usage"))
      all.emplace_back(name, tensor);
  return all;
}

at::Tensor Model::upsample(const at::Tensor& features) const {
  return upsample_.forward(features);
}

at::Tensor Model::decoder_transformer(const at::Tensor& x) const {
  return transform(decoder_transformer_, x);
}

at::Tensor Model::decode(const at::Tensor& codes) const {
  return decode_features(embed(codes));
}

at::Tensor Model::decode_features(const at::Tensor& features) const {
  const auto& options = architecture_.seanet;
  const auto x = decoder_transformer(upsample(features));
  if (!options.streams()) return decoder_.forward(x);
  return earshot::kit::in_tiles(x, options.stretch(), [&](const at::Tensor& part, Stream* stream) {
    return decoder_.forward(part, stream);
  });
}

}  // namespace mimi
