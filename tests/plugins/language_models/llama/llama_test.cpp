#include "llama.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/checkpoint.hpp>
#include <earshot/kit/testing.hpp>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using earshot::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Given = std::map<std::string, OptionValue>;
using Strings = std::vector<std::string>;

/// What transformers would write for the architecture of random weights.
nlohmann::json config_of(const llama::Architecture& a) {
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
nlohmann::json tokenizer_json(const Strings& special) {
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

const Strings markers{"<|endoftext|>", "<|im_start|>", "<|im_end|>"};

class LlamaPlugin : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }  // the model is tiny
  void TearDown() override { at::set_num_threads(threads_before_); }

  static llama::Llama make(Given given = {}) {
    given.insert({"weights", Weights{.source = "random"}});
    at::manual_seed(1);
    return {Options(llama::Llama::options(), given), Context{.device = at::kCPU}};
  }

  /// The tiny model as a folder that its tokenizer and configuration lie in.
  void write_checkpoint(const std::function<void(nlohmann::json&)>& change = {},
                        const Strings& special = markers) {
    auto a = llama::preset("tiny", 256 + std::ssize(special));
    const llama::Model model(a, 7, at::kCPU);
    kit::save_safetensors(folder / "model.safetensors", model.tensors());
    auto config = config_of(a);
    if (change) change(config);
    earshot::testing::write(folder / "config.json", config.dump());
    earshot::testing::write(folder / "tokenizer.json", tokenizer_json(special).dump());
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

TEST_F(LlamaPlugin, an_answer_s_likelihood_counts_its_tokens_and_its_end) {
  auto model = make();
  const std::vector<Prompt> prompts{{std::string("ab")}};
  const Strings answers{"cd"};
  const auto likelihood = model.log_prob(prompts, answers);
  EXPECT_EQ(likelihood.tokens.item<std::int64_t>(), 3);
  const auto ids = at::tensor({97, 98, 99, 100}, at::kLong);
  const auto& network = model.model();
  const auto logits = network.logits(network.forward(network.embed(ids), {.lengths = {4}}));
  const auto all = at::log_softmax(logits, 1);
  const auto expected = all[1][99] + all[2][100] + all[3][256];
  EXPECT_NEAR(likelihood.log_prob.item<double>(), expected.item<double>(), 1e-4);
}

TEST_F(LlamaPlugin, likelihoods_and_answers_of_a_batch_are_those_of_each_prompt_alone) {
  auto model = make();
  const std::vector<Prompt> prompts{
      {std::string("What is that?")},
      {Embeddings{some(9)}, std::string(" and "), Embeddings{some(4, 6)}, std::string("same?")},
      {std::string(500, 'x')},
      {Embeddings{some(1)}}};
  const Strings answers{"rain", "a", "a long one, of many words", "no"};
  const auto together = model.log_prob(prompts, answers);
  for (const double temperature : {0.0, 1.0}) {
    const Decoding decoding{.max_tokens = 12, .temperature = temperature, .top_p = 0.9, .seed = 3};
    const auto written = model.generate(prompts, decoding);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      EXPECT_EQ(model.generate({&prompts[i], 1}, decoding).front(), written[i]) << i;
      const auto alone = model.log_prob({&prompts[i], 1}, {&answers[i], 1});
      EXPECT_NEAR(alone.log_prob.item<double>(),
                  together.log_prob[static_cast<std::int64_t>(i)].item<double>(), 1e-3);
    }
  }
}

TEST_F(LlamaPlugin, greedy_answers_are_the_most_likely_tokens_one_by_one) {
  auto model = make();
  const std::vector<Prompt> prompts{{Embeddings{some(3)}, std::string("abc")},
                                    {std::string("a longer one")}};
  constexpr std::int64_t count = 70;  // more than there is room for at first
  const auto written = model.generate(prompts, {.max_tokens = count});
  const auto& network = model.model();
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto text = std::get<std::string>(prompts[i].back());
    std::vector<std::int64_t> tokens = model.tokenizer().encode(text);
    const auto asked = tokens.size();
    while (tokens.size() < asked + count) {
      auto x = network.embed(at::tensor(tokens, at::kLong));
      if (i == 0) x = at::cat({some(3), x});
      const auto next = network.logits(network.forward(x, {.lengths = {x.size(0)}}))[-1]
                            .argmax()
                            .item<std::int64_t>();
      if (next == 256) break;
      tokens.push_back(next);
    }
    EXPECT_EQ(written[i], model.tokenizer().decode(std::span(tokens).subspan(asked), true)) << i;
  }
}

TEST_F(LlamaPlugin, sampling_repeats_with_its_seed_and_differs_with_another) {
  auto model = make();
  const std::vector<Prompt> prompts{{std::string("one")}, {std::string("two")}};
  Decoding decoding{.max_tokens = 20, .temperature = 1, .top_p = 1, .seed = 1};
  const auto first = model.generate(prompts, decoding);
  EXPECT_EQ(model.generate(prompts, decoding), first);
  decoding.seed = 2;
  EXPECT_NE(model.generate(prompts, decoding), first);
  decoding.top_p = 1e-6;  // only the most likely one is left
  EXPECT_EQ(model.generate(prompts, decoding), model.generate(prompts, {.max_tokens = 20}));
}

TEST_F(LlamaPlugin, names_of_tokens_in_a_text_are_characters) {
  write_checkpoint();
  auto model = make(checkpoint());
  EXPECT_EQ(model.length({std::string("<|im_end|>")}), 10);
}

TEST_F(LlamaPlugin, neighbouring_texts_are_one_text) {
  auto model = make();
  const std::vector<Prompt> parts{{std::string("ab"), std::string("c")}},
      whole{{std::string("abc")}};
  const Strings answer{"d"};
  EXPECT_TRUE(
      at::equal(model.log_prob(parts, answer).log_prob, model.log_prob(whole, answer).log_prob));
}

TEST_F(LlamaPlugin, gradients_reach_embeddings_and_nothing_frozen) {
  auto model = make();
  EXPECT_TRUE(model.parameters().empty());
  const auto heard = some(6).set_requires_grad(true);
  const std::vector<Prompt> prompts{{Embeddings{heard}, std::string("what?")}};
  const Strings answers{"rain"};
  model.log_prob(prompts, answers).log_prob.sum().backward();
  EXPECT_GT(heard.grad().abs().min().item<double>(), 0);
  for (const auto& [name, tensor] : model.model().tensors())
    EXPECT_FALSE(tensor.requires_grad()) << name;
}

TEST_F(LlamaPlugin, checkpointing_gives_the_same_gradients) {
  for (const auto* train : {"lora", "full"}) {
    std::vector<std::vector<at::Tensor>> gradients;
    for (const bool checkpointing : {false, true}) {
      auto model = make({{"train", std::string(train)},
                         {"gradient_checkpointing", checkpointing},
                         {"lora_dropout", 0.3}});
      model.train(true);
      at::manual_seed(4);
      const std::vector<Prompt> prompts{{std::string("what?")}, {std::string("which one?")}};
      const Strings answers{"rain", "none"};
      model.log_prob(prompts, answers).log_prob.sum().backward();
      auto& all = gradients.emplace_back();
      for (const auto& [name, tensor] : model.parameters())
        all.push_back(tensor.grad());
    }
    ASSERT_EQ(gradients[0].size(), gradients[1].size());
    for (std::size_t i = 0; i < gradients[0].size(); ++i)
      EXPECT_TRUE(at::equal(gradients[0][i], gradients[1][i])) << train << " " << i;
  }
}

TEST_F(LlamaPlugin, adapters_begin_without_effect_and_learn) {
  const std::vector<Prompt> prompts{{std::string("what?")}};
  const Strings answers{"rain"};
  auto plain = make();
  auto model = make({{"train", std::string("lora")},
                     {"lora_targets", Strings{"all-linear"}},
                     {"lora_rank", std::int64_t{4}}});
  EXPECT_EQ(model.parameters().size(), 2 * 7 * 2);  // A and B of seven layers in two blocks
  EXPECT_TRUE(at::equal(plain.log_prob(prompts, answers).log_prob,
                        model.log_prob(prompts, answers).log_prob.detach()));
  for (int step = 0; step < 5; ++step) {
    const auto loss = -model.log_prob(prompts, answers).log_prob.sum();
    loss.backward();
    const c10::NoGradGuard no_gradient;
    for (const auto& [name, tensor] : model.parameters()) {
      tensor.sub_(tensor.grad() * 0.05);
      tensor.mutable_grad() = at::Tensor();
    }
  }
  const c10::NoGradGuard no_gradient;
  EXPECT_GT(model.log_prob(prompts, answers).log_prob.item<double>(),
            plain.log_prob(prompts, answers).log_prob.item<double>() + 1);
}

TEST_F(LlamaPlugin, dropout_of_adapters_acts_only_in_training) {
  auto model = make({{"train", std::string("lora")}, {"lora_dropout", 0.5}});
  const c10::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : model.parameters())
    tensor.fill_(0.1);
  const std::vector<Prompt> prompts{{std::string("what?")}};
  const Strings answers{"rain"};
  const auto score = [&] { return model.log_prob(prompts, answers).log_prob.item<double>(); };
  EXPECT_EQ(score(), score());
  model.train(true);
  EXPECT_NE(score(), score());
  model.train(false);
  EXPECT_EQ(score(), score());
}

TEST_F(LlamaPlugin, a_state_makes_another_object_the_same) {
  const std::vector<Prompt> prompts{{std::string("what?")}};
  const Strings answers{"rain"};
  const c10::NoGradGuard no_gradient;
  for (const auto* train : {"lora", "full"}) {
    auto model = make({{"train", std::string(train)}});
    for (const auto& [name, tensor] : model.parameters())
      tensor.add_(at::randn_like(tensor) * 0.01);
    const auto state = kit::clone(model.state());
    const auto score = model.log_prob(prompts, answers).log_prob;
    auto same = make({{"train", std::string(train)}});
    EXPECT_FALSE(at::equal(same.log_prob(prompts, answers).log_prob, score));
    same.load_state(state);
    EXPECT_TRUE(at::equal(same.log_prob(prompts, answers).log_prob, score));
    auto other = make({{"train", std::string("frozen")}});
    if (std::string(train) == "full") {  // trained, then frozen
      other.load_state(state);
      EXPECT_TRUE(at::equal(other.log_prob(prompts, answers).log_prob, score));
    } else {
      EXPECT_THAT(refusal<DataError>([&] { other.load_state(state); }), HasSubstr("lacks"));
    }
  }
}

TEST_F(LlamaPlugin, an_adapter_in_a_folder_is_merged_or_trained_on) {
  auto trained = make({{"train", std::string("lora")}});
  const c10::NoGradGuard no_gradient;
  at::manual_seed(9);
  for (const auto& [name, tensor] : trained.parameters())
    tensor.normal_(0, 0.1);
  const auto state = trained.state();
  kit::save_safetensors(folder / "adapter_model.safetensors", state.tensors);
  earshot::testing::write(folder / "adapter_config.json", state.text.at("adapter_config.json"));
  const std::vector<Prompt> prompts{{std::string("what?")}};
  const Strings answers{"rain"};
  const auto score = trained.log_prob(prompts, answers).log_prob.item<double>();
  for (const auto* train : {"frozen", "lora", "full"}) {
    auto model = make({{"train", std::string(train)}, {"adapter", Path{folder.path()}}});
    EXPECT_NEAR(model.log_prob(prompts, answers).log_prob.item<double>(), score, 1e-3) << train;
    EXPECT_EQ(model.state().tensors.contains(state.tensors.begin()->first),
              std::string(train) == "lora");
  }
}

TEST_F(LlamaPlugin, audio_codes_become_rows_of_their_own_that_learn) {
  auto model = make();
  const CodeSpec spec{.frame_rate = 12.5, .first_frame = 0.04, .sizes = {16, 8}};
  model.connect(spec);
  const auto parameters = model.parameters();
  ASSERT_EQ(parameters.size(), 1);
  EXPECT_EQ(parameters[0].second.sizes(), at::IntArrayRef({24, 64}));
  const auto codes = at::tensor({1, 15, 3, 0, 7, 0}, at::kLong).view({2, 3});
  const std::vector<Prompt> prompts{{AudioCodes{codes}, std::string("what?")}};
  EXPECT_EQ(model.length(prompts[0]), 3 + 5);
  const Strings answers{"rain"};
  model.log_prob(prompts, answers).log_prob.sum().backward();
  const auto used = parameters[0].second.grad().abs().sum(1).gt(0);
  for (std::int64_t row = 0; row < 24; ++row)
    EXPECT_EQ(used[row].item<bool>(), row == 1 || row == 15 || row == 3 || row == 16 || row == 23)
        << row;
  EXPECT_THAT(refusal<ContractError>([&] {
                model.length({AudioCodes{at::full({1, 2}, 16, at::kLong)}});
              }),
              HasSubstr("0 to 15"));
  EXPECT_EQ(model.length({AudioCodes{codes.narrow(0, 0, 1)}}), 3);  // of the first level alone
}

TEST_F(LlamaPlugin, codes_are_tokens_where_the_vocabulary_has_speech) {
  Strings special{"<|endoftext|>", "<|SPEECH_UNDERSTANDING_START|>",
                  "<|SPEECH_UNDERSTANDING_END|>"};
  for (int code = 0; code < 6; ++code)
    special.push_back("<|s_" + std::to_string(code) + "|>");
  write_checkpoint({}, special);
  auto model = make(checkpoint());
  model.connect({.frame_rate = 50, .first_frame = 0.01, .sizes = {6}});
  EXPECT_TRUE(model.parameters().empty());
  const std::vector<Prompt> prompts{{AudioCodes{at::tensor({5, 0}, at::kLong).view({1, 2})}}};
  EXPECT_EQ(model.length(prompts[0]), 4);  // with a marker on each side
  const Strings answers{"a"};
  const auto score = model.log_prob(prompts, answers).log_prob.item<double>();
  const auto& network = model.model();
  const auto x = network.embed(at::tensor({257, 264, 259, 258, 97}, at::kLong));
  const auto all = at::log_softmax(network.logits(network.forward(x, {.lengths = {5}})), 1);
  EXPECT_NEAR(score, (all[3][97] + all[4][256]).item<double>(), 1e-4);
  auto other = make(checkpoint());  // another alphabet gets rows of its own
  other.connect({.frame_rate = 12.5, .first_frame = 0.04, .sizes = {6, 6}});
  EXPECT_EQ(other.parameters().size(), 1);
}

TEST_F(LlamaPlugin, dialogue_markers_stand_around_what_is_asked_and_end_answers) {
  write_checkpoint();
  auto plain = make(checkpoint());
  auto chat = make(checkpoint({{"chat", std::string("chatml")}}));
  const Prompt prompt{std::string("hi")};
  // <|im_start|>user\n ... <|im_end|>\n<|im_start|>assistant\n
  EXPECT_EQ(chat.length(prompt) - plain.length(prompt), 1 + 5 + 2 + 1 + 10);
  earshot::testing::write(folder / "tokenizer_config.json",
                          R"({"chat_template": "{{ '<|im_start|>' }}"})");
  EXPECT_EQ(make(checkpoint()).length(prompt), chat.length(prompt));
  EXPECT_EQ(make(checkpoint({{"chat", std::string("none")}})).length(prompt), plain.length(prompt));
  earshot::testing::write(folder / "tokenizer_config.json", R"({"chat_template": "[INST]"})");
  EXPECT_THAT(refusal<ConfigError>([&] { make(checkpoint()); }), HasSubstr("none of those known"));
  EXPECT_THAT(refusal<ConfigError>([&] {
                make(checkpoint({{"chat", std::string("llama3")}}));
              }),
              HasSubstr("<|eot_id|>"));
}

TEST_F(LlamaPlugin, the_first_end_token_is_what_answers_end_with_and_any_of_them_stops) {
  write_checkpoint([](auto& config) { config["eos_token_id"] = {97, 256}; });
  const kit::Checkpoint files(folder.path());
  EXPECT_THAT(llama::read_end_tokens(files), ElementsAre(97, 256));
  earshot::testing::write(folder / "generation_config.json", R"({"eos_token_id": [256, 98]})");
  EXPECT_THAT(llama::read_end_tokens(files), ElementsAre(97, 256, 98));
  auto model = make(checkpoint());
  const std::vector<Prompt> prompts{{std::string("what?")}};
  const Strings answers{"a"};  // the end token itself, twice
  EXPECT_EQ(model.log_prob(prompts, answers).tokens.item<std::int64_t>(), 2);
  const auto written = model.generate(prompts, {.max_tokens = 400, .temperature = 1, .seed = 1});
  EXPECT_THAT(written.front(), ::testing::Not(::testing::ContainsRegex("[ab]")));
}

TEST_F(LlamaPlugin, a_checkpoint_computes_what_its_random_model_did_in_any_number_type) {
  write_checkpoint();
  const std::vector<Prompt> prompts{{std::string("what?")}};
  const Strings answers{"rain"};
  const auto score = [&](const char* type) {
    return make(checkpoint({{"number_type", std::string(type)}}))
        .log_prob(prompts, answers)
        .log_prob.item<double>();
  };
  const auto exact = score("float32");
  EXPECT_NEAR(score("bfloat16"), exact, 0.05 * std::abs(exact));
  EXPECT_NE(score("bfloat16"), exact);
  EXPECT_NEAR(score("float16"), exact, 0.01 * std::abs(exact));
}

TEST_F(LlamaPlugin, refuses_configurations_that_are_no_llama_or_do_not_fit) {
  const auto told = [&](const std::function<void(nlohmann::json&)>& change) {
    write_checkpoint(change);
    return refusal<DataError>([&] { make(checkpoint()); });
  };
  EXPECT_THAT(told([](auto& c) { c["model_type"] = "qwen2"; }), HasSubstr("'model_type'"));
  EXPECT_THAT(told([](auto& c) { c["hidden_act"] = "relu"; }), HasSubstr("'hidden_act'"));
  EXPECT_THAT(told([](auto& c) { c["num_hidden_layers"] = 3; }),
              HasSubstr("model.layers.2.input_layernorm.weight"));
  EXPECT_THAT(told([](auto& c) { c["num_key_value_heads"] = 3; }), HasSubstr("make no Llama"));
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

TEST_F(LlamaPlugin, refuses_adapters_that_are_no_plain_lora_of_the_model) {
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

TEST_F(LlamaPlugin, refuses_what_cannot_be_asked) {
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
