#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include <ATen/ATen.h>

#include <earshot/error.hpp>

#include "architecture.hpp"

namespace htsat {

namespace {

using earshot::DataError;
using earshot::kit::Checkpoint;
using earshot::kit::ClapPadding;
using earshot::kit::ModelConfig;
using earshot::kit::NameMap;

const std::string first_layer = "patch_embed.proj.weight";
const std::string msclap_tower = "audio_encoder.base.htsat.";
const std::string transformers_tower = "audio_encoder.";

/// The prefix of `tower` in the names of the file; nullopt if there is no such tower.
std::optional<std::string> prefix_of(const Checkpoint& checkpoint, const std::string& tower) {
  const auto ending = tower + first_layer;
  for (const auto& name : checkpoint.names())
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  return {};
}

std::filesystem::path folder_of(const Checkpoint& checkpoint) {
  const auto& path = checkpoint.path();
  return std::filesystem::is_directory(path) ? path : path.parent_path();
}

/// The tensors of msclap's tower, by their names after `prefix`.
class Shapes {
 public:
  Shapes(const Checkpoint& checkpoint, std::string prefix)
      : checkpoint_(checkpoint), prefix_(std::move(prefix)) {}

  bool has(const std::string& name) const { return checkpoint_.contains(prefix_ + name); }
  std::int64_t size(const std::string& name, std::size_t dimension) const {
    const auto& shape = checkpoint_.shape(prefix_ + name);
    if (shape.size() <= dimension || shape[dimension] < 1)
      throw DataError(checkpoint_.path().string() + ": '" + prefix_ + name +
                      "' has another shape than in HTSAT. Download the file again");
    return shape[dimension];
  }
  std::int64_t count(const std::string& before, const std::string& behind) const {
    std::int64_t n = 0;
    while (has(before + std::to_string(n) + behind))
      ++n;
    return n;
  }

 private:
  const Checkpoint& checkpoint_;
  std::string prefix_;
};

std::int64_t root(std::int64_t square) {
  return std::llround(std::sqrt(static_cast<double>(square)));
}

Architecture read_msclap(const Checkpoint& checkpoint, const std::string& prefix) {
  const Shapes outer(checkpoint, prefix + "audio_encoder.");
  const Shapes tower(checkpoint, prefix + msclap_tower);
  const bool mellow = outer.has("base.c2l.weight");
  auto a = preset(mellow ? "mellow" : "msclap");
  a.width = tower.size(first_layer, 0);
  a.patch = a.stride = {tower.size(first_layer, 2), tower.size(first_layer, 3)};
  a.front_end.mels = tower.size("bn0.weight", 0);
  a.depths.clear();
  a.heads.clear();
  const std::string norm = ".norm1.weight", table = "attn.relative_position_bias_table";
  for (std::int64_t n = 0; n < tower.count("layers.", ".blocks.0" + norm); ++n) {
    const auto blocks = "layers." + std::to_string(n) + ".blocks.";
    a.depths.push_back(tower.count(blocks, norm));
    a.heads.push_back(tower.size(blocks + "0." + table, 1));
  }
  if (a.depths.empty())
    throw DataError(checkpoint.path().string() +
                    ": has no layers of HTSAT. Download the file again");
  const std::string block = "layers.0.blocks.0.";
  a.window = (root(tower.size(block + table, 0)) + 1) / 2;
  a.mlp_ratio =
      static_cast<double>(tower.size(block + "mlp.fc1.weight", 0)) / static_cast<double>(a.width);
  a.qkv_bias = tower.has(block + "attn.qkv.bias");
  const std::string mask = "layers.0.blocks.1.attn_mask";  // of as many windows as there are
  if (tower.has(mask))
    a.picture = root(tower.size(mask, 0)) * a.window * a.stride[0];
  else if (const auto config = folder_of(checkpoint) / "config.json";
           std::filesystem::exists(config))
    a.picture = ModelConfig(config).get<std::int64_t>("spec_size", a.picture);
  if (tower.has(filters_name)) a.front_end.n_fft = 2 * (tower.size(filters_name, 0) - 1);
  const std::string classifier = "tscam_conv.weight", projection = "projection.linear1.weight";
  a.classes = tower.has(classifier) ? tower.size(classifier, 0) : 0;
  a.embedding = outer.has(projection) ? outer.size(projection, 0) : 0;
  return a;
}

/// A single number, or a list of two for rows and columns.
std::array<std::int64_t, 2> pair(const ModelConfig& config, const std::string& key) {
  constexpr std::int64_t usual = 4;
  try {
    const auto one = config.get<std::int64_t>(key, usual);
    return {one, one};
  } catch (const DataError&) {
    const auto both = config.get<std::vector<std::int64_t>>(key);
    if (both.size() != 2)
      throw DataError(config.place() + ": '" + key + "' has " + std::to_string(both.size()) +
                      " numbers; allowed: one or two");
    return {both[0], both[1]};
  }
}

void expect(const ModelConfig& config, const std::string& key, const std::string& only) {
  const auto given = config.get<std::string>(key, only);
  if (given != only)
    throw DataError(config.place() + ": '" + key + "' is \"" + given + "\"; allowed: " + only);
}

void read_front_end(const ModelConfig& config, Architecture& a) {
  auto& o = a.front_end;
  a.sample_rate = o.sample_rate = config.get<std::int64_t>("sampling_rate", o.sample_rate);
  o.max_samples = static_cast<std::int64_t>(
      std::llround(config.get<double>("max_length_s", 10) * static_cast<double>(o.sample_rate)));
  o.n_fft = config.get<std::int64_t>("fft_window_size", o.n_fft);
  o.hop = config.get<std::int64_t>("hop_length", o.hop);
  o.fmin = config.get<double>("frequency_min", o.fmin);
  o.fmax = config.get<double>("frequency_max", o.fmax);
  const auto padding = config.get<std::string>("padding", "repeatpad");
  o.padding = padding == "repeat" ? ClapPadding::repeat
              : padding == "pad"  ? ClapPadding::zeros
                                  : ClapPadding::repeat_pad;
}

Architecture read_transformers(const Checkpoint& checkpoint, const std::string& prefix) {
  auto config = checkpoint.config();
  if (config.contains("audio_config")) config = config.object("audio_config");
  expect(config, "hidden_act", "gelu");
  expect(config, "projection_hidden_act", "relu");
  const bool fused = config.get<bool>("enable_fusion", false);
  auto a = preset(fused ? "laion_fused" : "laion_unfused");
  a.picture = config.get<std::int64_t>("spec_size", a.picture);
  a.front_end.mels = config.get<std::int64_t>("num_mel_bins", a.front_end.mels);
  a.patch = pair(config, "patch_size");
  a.stride = pair(config, "patch_stride");
  a.patch_norm = config.get<bool>("enable_patch_layer_norm", true);
  a.width = config.get<std::int64_t>("patch_embeds_hidden_size", a.width);
  a.depths = config.get<std::vector<std::int64_t>>("depths", a.depths);
  a.heads = config.get<std::vector<std::int64_t>>("num_attention_heads", a.heads);
  a.window = config.get<std::int64_t>("window_size", a.window);
  a.mlp_ratio = config.get<double>("mlp_ratio", a.mlp_ratio);
  a.norm_epsilon = config.get<double>("layer_norm_eps", a.norm_epsilon);
  a.qkv_bias = config.get<bool>("qkv_bias", true);
  const auto reduction = config.get<std::int64_t>("aff_block_r", 4);
  if (reduction < 1) throw DataError(config.place() + ": 'aff_block_r' is less than 1");
  a.fusion = fused ? a.width / reduction : 0;
  if (fused && config.contains("fusion_type") &&
      config.get<std::string>("fusion_type") == "channel_map")
    throw DataError(config.place() +
                    ": 'fusion_type' is \"channel_map\", which transformers "
                    "cannot run either; allowed: null");
  const auto front_end = folder_of(checkpoint) / "preprocessor_config.json";
  if (std::filesystem::exists(front_end)) read_front_end(ModelConfig(front_end), a);
  // Prefix "audio_model." or none; the projection is next to the model.
  const std::string model = "audio_model.";
  const auto projection = prefix.ends_with(model) ? prefix.substr(0, prefix.size() - model.size()) +
                                                        "audio_projection.linear1.weight"
                                                  : "";
  a.embedding = checkpoint.contains(projection) && !checkpoint.shape(projection).empty()
                    ? checkpoint.shape(projection)[0]
                    : 0;
  return a;
}

/// @throws DataError for impossible sizes: a file may contain anything.
void check(const Architecture& a, const std::string& place) {
  const auto possible = [](std::int64_t size, std::int64_t most) {
    return size >= 1 && size <= most;
  };
  constexpr std::int64_t most = 1 << 16, most_picture = 1 << 12, most_stages = 8;
  bool good = possible(a.stages(), most_stages) && a.heads.size() == a.depths.size() &&
              possible(a.width, most) && possible(a.picture, most_picture) &&
              possible(a.front_end.mels, a.picture) && a.picture % a.front_end.mels == 0 &&
              possible(a.window, 64) && a.mlp_ratio > 0 && a.mlp_ratio < 100 &&
              possible(a.sample_rate, 1 << 20) && possible(a.front_end.hop, most) &&
              possible(a.front_end.max_samples, std::int64_t{1} << 30) &&
              possible(a.front_end.n_fft, most);
  for (std::size_t side = 0; side < 2 && good; ++side)
    good = possible(a.stride[side], a.picture) && a.patch[side] >= a.stride[side] &&
           a.patch[side] <= a.picture;
  for (const auto depth : a.depths)
    good = good && possible(depth, 1000);
  for (std::int64_t n = 0; n < a.stages() && good; ++n) {
    const auto stage = a.stage(n);
    const auto window = std::min({stage.window, stage.rows, stage.columns});
    good = window >= 1 && stage.rows % window == 0 && stage.columns % window == 0 &&
           stage.heads >= 1 && stage.width % stage.heads == 0;
  }
  if (!good || a.stage(a.stages() - 1).rows % a.folds() != 0)
    throw DataError(place + ": invalid sizes for HTSAT. Download the file again");
}

}  // namespace

Architecture read_architecture(const Checkpoint& checkpoint) {
  Architecture a;
  if (const auto msclap = prefix_of(checkpoint, msclap_tower))
    a = read_msclap(checkpoint, *msclap);
  else if (const auto transformers = prefix_of(checkpoint, transformers_tower))
    a = read_transformers(checkpoint, *transformers);
  else
    throw DataError(checkpoint.path().string() +
                    ": has no HTSAT; expected a checkpoint of msclap (CLAP 2023), of Mellow, or of "
                    "transformers' CLAP");
  check(a, checkpoint.path().string());
  return a;
}

NameMap name_map(const Checkpoint& checkpoint) {
  NameMap names;
  // Indices and masks are computed: msclap's files lack the former or hold them as floats.
  const std::string computed = "(attn_mask|relative_position_index|num_batches_tracked)$";
  if (const auto prefix = prefix_of(checkpoint, msclap_tower)) {
    names.under(*prefix + "audio_encoder.")
        .replace(R"(^base\.(htsat\.)?)", "")
        .ignore(R"(^(spectrogram_extractor|logmel_extractor|head)\.)")
        .ignore(computed);
    return names;
  }
  const auto prefix = prefix_of(checkpoint, transformers_tower).value_or("");
  const std::string model = "audio_model.";
  if (prefix.ends_with(model))
    names.under(prefix.substr(0, prefix.size() - model.size()))
        .replace(R"(^audio_projection\.)", model + transformers_tower + "projection.")
        .under(model + transformers_tower);
  else
    names.under(prefix + transformers_tower);
  names.replace(R"(^batch_norm\.)", "bn0.")
      .replace(R"(\.layernorm_before\.)", ".norm1.")
      .replace(R"(\.layernorm_after\.)", ".norm2.")
      .replace(R"(\.attention\.self\.)", ".attn.")
      .replace(R"(\.attention\.output\.dense\.)", ".attn.proj.")
      .replace(R"(\.intermediate\.dense\.)", ".mlp.fc1.")
      .replace(R"(\.output\.dense\.)", ".mlp.fc2.")
      .ignore(computed);
  return names;
}

std::string msclap_name(const std::string& name) {
  if (name.starts_with("projection.")) return "audio_encoder." + name;
  if (name.starts_with("c2l.")) return "audio_encoder.base." + name;
  return msclap_tower + name;
}

at::Tensor stored_filters(const Checkpoint& checkpoint) {
  const auto prefix = prefix_of(checkpoint, msclap_tower);
  const auto name = prefix.value_or("") + msclap_name(filters_name);
  if (!prefix || !checkpoint.contains(name)) return {};
  if (checkpoint.shape(name).size() != 2)
    throw DataError(checkpoint.path().string() + ": '" + name +
                    "' is not a matrix. Download the file again");
  return checkpoint.get(name).to(at::kFloat).t().contiguous();
}

}  // namespace htsat
