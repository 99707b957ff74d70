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
  std::int64_t context = 8192;  ///< most positions
  double norm_epsilon = 1e-5;
  bool tied = true;  ///< the head is the embedding
  bool attention_bias = false, mlp_bias = false;
  earshot::kit::RotaryOptions rotary{.width = 64, .theta = 100000};  ///< width: of a head
  at::ScalarType type = at::kFloat;  ///< of weights, and what is computed in

  std::int64_t query_width() const { return heads * rotary.width; }
  std::int64_t key_width() const { return key_value_heads * rotary.width; }
  std::int64_t group() const { return heads / key_value_heads; }  ///< query heads of a key head
};

/// Names of what preset() gives; the first is small enough for tests and for training from nothing.
const std::vector<std::string>& presets();

/// A published architecture, but with the vocabulary of a tokenizer that has `tokens` where that is
/// larger; "tiny" has just that.
Architecture preset(const std::string& name, std::int64_t tokens);

/// What config.json beside the checkpoint says, as transformers 4 or 5 writes it.
/// @throws DataError for another kind of model, and for sizes that make none.
Architecture read_architecture(const earshot::kit::Checkpoint& checkpoint);

/// The tokens that end a text: `eos_token_id` of config.json, then those that
/// generation_config.json adds. Empty if neither names one. @throws DataError
std::vector<std::int64_t> read_end_tokens(const earshot::kit::Checkpoint& checkpoint);

}  // namespace llama
