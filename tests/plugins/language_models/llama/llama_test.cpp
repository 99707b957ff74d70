#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <earshot/kit/testing.hpp>

#include "llama_plugin.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

TEST_F(LlamaPlugin, likelihoods_and_answers_of_a_batch_equal_those_of_single_prompts) {
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
  constexpr std::int64_t count = 70;  // more than the initial capacity
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

TEST_F(LlamaPlugin, audio_codes_get_new_rows_that_are_trained) {
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
  EXPECT_EQ(model.length({AudioCodes{codes.narrow(0, 0, 1)}}), 3);  // only the first level
}

TEST_F(LlamaPlugin, codes_are_tokens_if_the_vocabulary_has_speech) {
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
  auto other = make(checkpoint());  // another codebook size gets its own rows
  other.connect({.frame_rate = 12.5, .first_frame = 0.04, .sizes = {6, 6}});
  EXPECT_EQ(other.parameters().size(), 1);
}

TEST_F(LlamaPlugin, dialogue_markers_surround_the_question_and_end_answers) {
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
  EXPECT_THAT(refusal<ConfigError>([&] { make(checkpoint()); }), HasSubstr("is unknown"));
  EXPECT_THAT(refusal<ConfigError>([&] {
                make(checkpoint({{"chat", std::string("llama3")}}));
              }),
              HasSubstr("<|eot_id|>"));
}

TEST_F(LlamaPlugin, answers_end_with_the_first_end_token_and_any_of_them_stops) {
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

}  // namespace
