#include <ATen/ATen.h>

#include <earshot/kit/testing.hpp>

#include "llama_plugin.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using ::testing::HasSubstr;

TEST_F(LlamaPlugin, refuses_configurations_that_are_not_llama_or_do_not_fit) {
  const auto told = [&](const std::function<void(nlohmann::json&)>& change) {
    write_checkpoint(change);
    return refusal<DataError>([&] { make(checkpoint()); });
  };
  EXPECT_THAT(told([](auto& c) { c["model_type"] = "qwen2"; }), HasSubstr("'model_type'"));
  EXPECT_THAT(told([](auto& c) { c["hidden_act"] = "relu"; }), HasSubstr("'hidden_act'"));
  EXPECT_THAT(told([](auto& c) { c["num_hidden_layers"] = 3; }),
              HasSubstr("model.layers.2.input_layernorm.weight"));
  EXPECT_THAT(told([](auto& c) { c["num_key_value_heads"] = 3; }),
              HasSubstr("invalid sizes for a Llama"));
  EXPECT_THAT(told([](auto& c) { c["hidden_size"] = 1 << 20; }), HasSubstr("too small"));
  EXPECT_THAT(told([](auto& c) {
                c["rope_scaling"] = {{"rope_type", "yarn"}, {"factor", 2}};
              }),
              HasSubstr("default, linear, llama3"));
  EXPECT_THAT(told([](auto& c) { c.erase("eos_token_id"); }), HasSubstr("'eos_token_id'"));
  EXPECT_THAT(told([](auto& c) { c["vocab_size"] = 100; }), HasSubstr("model.embed_tokens.weight"));
  write_checkpoint();
  std::filesystem::remove(folder / "tokenizer.json");
  EXPECT_THAT(refusal<DataError>([&] { make(checkpoint()); }), HasSubstr("tokenizer.json"));
}

TEST_F(LlamaPlugin, refuses_adapters_that_are_not_plain_lora_for_the_model) {
  auto trained = make({{"train", std::string("lora")}});
  const auto state = trained.state();
  const auto told = [&](const std::function<void(nlohmann::json&, State&)>& change) {
    auto config = nlohmann::json::parse(state.text.at("adapter_config.json"));
    auto changed = kit::clone(state);
    change(config, changed);
    kit::save_safetensors(folder / "adapter_model.safetensors", changed.tensors);
    earshot::testing::write(folder / "adapter_config.json", config.dump());
    return refusal<DataError>([&] { make({{"adapter", Path{folder.path()}}}); });
  };
  EXPECT_THAT(told([](auto& c, auto&) { c["peft_type"] = "IA3"; }), HasSubstr("'peft_type'"));
  EXPECT_THAT(told([](auto& c, auto&) { c["use_dora"] = true; }), HasSubstr("'use_dora'"));
  EXPECT_THAT(told([](auto& c, auto&) { c.erase("lora_alpha"); }), HasSubstr("lora_alpha"));
  EXPECT_THAT(told([](auto&, auto& s) {
                s.tensors["x.lora_A.weight"] = at::ones({2, 2});
              }),
              HasSubstr("'x.lora_A.weight'"));
  EXPECT_THAT(told([](auto&, auto& s) {
                s.tensors.begin()->second = at::ones({8, 65});
              }),
              HasSubstr("another model"));
  EXPECT_THAT(refusal<ConfigError>([&] {
                make({{"train", std::string("lora")}, {"lora_targets", Strings{"qkv"}}});
              }),
              HasSubstr("'qkv'"));
}

TEST_F(LlamaPlugin, refuses_invalid_requests) {
  auto model = make();
  const auto scored = [&](const Prompt& prompt, const std::string& answer) {
    const std::vector<Prompt> prompts{prompt};
    const Strings answers{answer};
    return refusal<DataError>([&] { model.log_prob(prompts, answers); });
  };
  EXPECT_THAT(scored({std::string("what?")}, ""), HasSubstr("is empty"));
  EXPECT_THAT(scored({}, "rain"), HasSubstr("prompt 0 is empty"));
  EXPECT_THAT(scored({std::string(1020, 'x')}, "heavy rain"), HasSubstr("at most 1024"));
  EXPECT_EQ(scored({std::string(1020, 'x')}, "rain"), "(not refused)");
  const std::vector<Prompt> full{{std::string(1024, 'x')}}, nearly{{std::string(1023, 'x')}};
  EXPECT_THAT(refusal<DataError>([&] { model.generate(full, {}); }), HasSubstr("no room"));
  EXPECT_LE(model.generate(nearly, {}).front().size(), 4);  // one token, of at most one character
  EXPECT_THAT(refusal<ContractError>([&] {
                model.length({AudioCodes{at::zeros({1, 2}, at::kLong)}});
              }),
              HasSubstr("connect()"));
  EXPECT_THAT(refusal<ContractError>([&] {
                model.length({Embeddings{at::zeros({2, 63})}});
              }),
              HasSubstr("(T, 64)"));
  EXPECT_THROW(model.length({std::string("\xff")}), DataError);
  EXPECT_THROW(model.generate(nearly, {.max_tokens = 0}), ContractError);
  EXPECT_THROW(model.generate(nearly, {.temperature = -1}), ContractError);
}

}  // namespace
