#include "architecture.hpp"

#include <algorithm>
#include <filesystem>

#include <earshot/error.hpp>

namespace llama {

namespace {

using earshot::DataError;
using earshot::kit::ModelConfig;
using earshot::kit::RotaryOptions;

RotaryOptions::Llama3 llama3_scaling(const ModelConfig& scaling) {
  return {.factor = scaling.get<double>("factor"),
          .low = scaling.get<double>("low_freq_factor"),
          .high = scaling.get<double>("high_freq_factor"),
          .original_context = scaling.get<double>("original_max_position_embeddings")};
}

/// transformers 5 writes everything to rope_parameters, which takes precedence; transformers 4
/// writes rope_theta at the top level and the rest to rope_scaling, with its type as "rope_type"
/// or, older, as "type".
RotaryOptions rotary_options(const ModelConfig& config) {
  const bool is_new = config.contains("rope_parameters");
  const std::string key = is_new ? "rope_parameters" : "rope_scaling";
  constexpr double first_theta = 10000;  // of Llama 1, whose config.json has no value
  RotaryOptions o;
  o.theta = config.get<double>("rope_theta", first_theta);
  if (config.contains(key)) {
    const auto scaling = config.object(key);
    o.theta = scaling.get<double>("rope_theta", o.theta);
    const auto type = scaling.get<std::string>(
        "rope_type", scaling.get<std::string>("type", std::string("default")));
    if (type == "llama3")
      o.llama3 = llama3_scaling(scaling);
    else if (type == "linear")
      o.factor = scaling.get<double>("factor");
    else if (type != "default")
      throw DataError(scaling.place() + ": 'rope_type' is \"" + type +
                      "\"; allowed: default, linear, llama3");
  }
  const auto& l = o.llama3;
  if (!(o.theta > 0) || !(o.factor > 0) ||
      (l &&
       (!(l->factor > 0) || !(l->low > 0) || !(l->high > l->low) || !(l->original_context > 0))))
    throw DataError(config.place() + ": invalid rotary positions. Download the file again");
  return o;
}

void check_kind(const ModelConfig& config) {
  const auto type = config.get<std::string>("model_type", "llama");
  if (type != "llama")
    throw DataError(config.place() + ": 'model_type' is \"" + type +
                    "\"; allowed: llama. Models of other architectures need another plugin");
  const auto activation = config.get<std::string>("hidden_act", "silu");
  if (activation != "silu")
    throw DataError(config.place() + ": 'hidden_act' is \"" + activation + "\"; allowed: silu");
}

void check_sizes(const Architecture& a, const std::string& place) {
  constexpr std::int64_t most = 1 << 24, most_layers = 1000;
  bool fits = a.layers >= 1 && a.layers <= most_layers && a.norm_epsilon >= 0;
  for (const auto size :
       {a.vocabulary, a.width, a.mlp_width, a.heads, a.key_value_heads, a.context, a.rotary.width})
    fits = fits && size >= 1 && size <= most;
  if (!fits || a.heads % a.key_value_heads != 0 || a.rotary.width % 2 != 0)
    throw DataError(place + ": invalid sizes for a Llama (width " + std::to_string(a.width) + ", " +
                    std::to_string(a.layers) + " layers, " + std::to_string(a.heads) + " heads, " +
                    std::to_string(a.key_value_heads) + " key-value heads of " +
                    std::to_string(a.rotary.width) + "). Download the file again");
}

}  // namespace

const std::vector<std::string>& presets() {
  static const std::vector<std::string> names{"tiny", "smollm2_135m", "smollm2_360m"};
  return names;
}

Architecture preset(const std::string& name, std::int64_t tokens) {
  Architecture a;
  if (name == "tiny") {
    a.vocabulary = tokens;
    a.width = 64;
    a.mlp_width = 192;
    a.layers = 2;
    a.heads = 4;
    a.key_value_heads = 2;
    a.context = 1024;
    a.rotary = {.width = 16, .theta = 10000};
  } else if (name == "smollm2_360m") {
    a.width = 960;
    a.mlp_width = 2560;
    a.layers = 32;
    a.heads = 15;
    a.key_value_heads = 5;
  }
  a.vocabulary = std::max(a.vocabulary, tokens);
  return a;
}

Architecture read_architecture(const earshot::kit::Checkpoint& checkpoint) {
  const auto config = checkpoint.config();
  check_kind(config);
  Architecture a;
  a.vocabulary = config.get<std::int64_t>("vocab_size");
  a.width = config.get<std::int64_t>("hidden_size");
  a.mlp_width = config.get<std::int64_t>("intermediate_size");
  a.layers = config.get<std::int64_t>("num_hidden_layers");
  a.heads = config.get<std::int64_t>("num_attention_heads");
  a.key_value_heads = config.get<std::int64_t>("num_key_value_heads", a.heads);
  a.context = config.get<std::int64_t>("max_position_embeddings");
  a.norm_epsilon = config.get<double>("rms_norm_eps");
  a.tied = config.get<bool>("tie_word_embeddings", false);
  a.attention_bias = config.get<bool>("attention_bias", false);
  a.mlp_bias = config.get<bool>("mlp_bias", false);
  a.rotary = rotary_options(config);
  a.rotary.width = config.get<std::int64_t>("head_dim", a.heads > 0 ? a.width / a.heads : 0);
  check_sizes(a, config.place());
  return a;
}

std::vector<std::int64_t> read_end_tokens(const earshot::kit::Checkpoint& checkpoint) {
  const auto folder = std::filesystem::is_directory(checkpoint.path())
                          ? checkpoint.path()
                          : checkpoint.path().parent_path();
  std::vector<std::int64_t> tokens;
  for (const auto* name : {"config.json", "generation_config.json"}) {
    if (!std::filesystem::exists(folder / name)) continue;
    const ModelConfig config(folder / name);
    for (const auto token : config.list<std::int64_t>("eos_token_id"))
      if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) tokens.push_back(token);
  }
  return tokens;
}

}  // namespace llama
