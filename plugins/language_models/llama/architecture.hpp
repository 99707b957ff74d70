#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <c10/core/ScalarType.h>

#include <lib/models/rotary.hpp>

#include <earshot/kit/checkpoint.hpp>

namespace llama {

/// Hyper-parameters. Defaults: SmolLM2-135M.
struct Architecture {
  std::int64_t vocabulary = 49152, width = 576, mlp_width = 1536, layers = 30;
  std::int64_t heads = 9, key_value_heads = 3;
  std::int64_t context = 8192;  ///< maximum number of positions
  double norm_epsilon = 1e-5;
  bool tied = true;  ///< the head is the embedding
  bool attention_bias = false, mlp_bias = false;
  earshot::kit::RotaryOptions rotary{.width = 64, .theta = 100000};  ///< width: of a head
  at::ScalarType type = at::kFloat;                                  ///< of weights and computation

  std::int64_t query_width() const { return heads * rotary.width; }
  std::int64_t key_width() const { return key_value_heads * rotary.width; }
  std::int64_t group() const { return heads / key_value_heads; }  ///< query heads per key head
};

/// Names of the presets; the first is small enough for tests and for training from scratch.
const std::vector<std::string>& presets();

/// A published architecture, with the vocabulary extended to `tokens` if that is larger; "tiny" has
/// exactly `tokens`.
Architecture preset(const std::string& name, std::int64_t tokens);

/// From the config.json next to the checkpoint, as written by transformers 4 or 5.
/// @throws DataError for another kind of model, and for impossible sizes.
Architecture read_architecture(const earshot::kit::Checkpoint& checkpoint);

/// The tokens that end a text: `eos_token_id` of config.json, then those added by
/// generation_config.json. Empty if neither names one. @throws DataError
std::vector<std::int64_t> read_end_tokens(const earshot::kit::Checkpoint& checkpoint);

}  // namespace llama
