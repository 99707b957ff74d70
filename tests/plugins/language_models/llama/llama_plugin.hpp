#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/checkpoint.hpp>

#include "files.hpp"
#include "llama.hpp"
#include "temporary_folder.hpp"

namespace earshot::testing {

using Given = std::map<std::string, OptionValue>;
using Strings = std::vector<std::string>;

/// The config.json that transformers would write for the architecture of random weights.
inline nlohmann::json config_of(const llama::Architecture& a) {
  return {{"model_type", "llama"},
          {"vocab_size", a.vocabulary},
          {"hidden_size", a.width},
          {"intermediate_size", a.mlp_width},
          {"num_hidden_layers", a.layers},
          {"num_attention_heads", a.heads},
          {"num_key_value_heads", a.key_value_heads},
          {"head_dim", a.rotary.width},
          {"max_position_embeddings", a.context},
          {"rms_norm_eps", a.norm_epsilon},
          {"rope_theta", a.rotary.theta},
          {"tie_word_embeddings", a.tied},
          {"hidden_act", "silu"},
          {"eos_token_id", 256}};
}

/// A byte-level tokenizer.json without merges: a token for each byte, then `special`.
inline nlohmann::json tokenizer_json(const Strings& special) {
  auto vocabulary = nlohmann::json::object();
  const auto bytes = kit::Tokenizer::bytes({});
  for (std::int64_t byte = 0; byte < bytes.size(); ++byte)
    vocabulary[*bytes.token(byte)] = byte;
  auto added = nlohmann::json::array();
  for (std::size_t i = 0; i < special.size(); ++i)
    added.push_back({{"id", 256 + i},
                     {"content", special[i]},
                     {"special", true},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false}});
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer", nullptr},
          {"pre_tokenizer",
           {{"type", "ByteLevel"},
            {"add_prefix_space", false},
            {"trim_offsets", true},
            {"use_regex", true}}},
          {"post_processor", nullptr},
          {"decoder",
           {{"type", "ByteLevel"},
            {"add_prefix_space", true},
            {"trim_offsets", true},
            {"use_regex", true}}},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"vocab", vocabulary},
            {"merges", nlohmann::json::array()}}}};
}

inline const Strings markers{"<|endoftext|>", "<|im_start|>", "<|im_end|>"};

/// The plugin with tiny models: with random weights, or from a checkpoint in `folder`.
class LlamaPlugin : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }  // the model is tiny
  void TearDown() override { at::set_num_threads(threads_before_); }

  static llama::Llama make(Given given = {}) {
    given.insert({"weights", Weights{.source = "random"}});
    at::manual_seed(1);
    return {Options(llama::Llama::options(), given), Context{.device = at::kCPU}};
  }

  /// Writes the tiny model as a checkpoint folder with its tokenizer and configuration.
  void write_checkpoint(const std::function<void(nlohmann::json&)>& change = {},
                        const Strings& special = markers) {
    auto a = llama::preset("tiny", 256 + std::ssize(special));
    const llama::Model model(a, 7, at::kCPU);
    kit::save_safetensors(folder / "model.safetensors", model.tensors());
    auto config = config_of(a);
    if (change) change(config);
    write(folder / "config.json", config.dump());
    write(folder / "tokenizer.json", tokenizer_json(special).dump());
  }
  Given checkpoint(Given more = {}) const {
    more.insert({"weights", Weights{.source = "test", .path = folder.path()}});
    return more;
  }

  template <class Error, class Work>
  static std::string refusal(const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "(not refused)";
  }

  static at::Tensor some(std::int64_t length, std::int64_t seed = 5) {
    at::manual_seed(static_cast<std::uint64_t>(seed));
    return at::randn({length, 64}) * 0.1;
  }

  TemporaryFolder folder{};

 private:
  int threads_before_ = at::get_num_threads();
};

}  // namespace earshot::testing
