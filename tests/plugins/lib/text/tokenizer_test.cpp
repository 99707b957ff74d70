#include <thread>

#include <gmock/gmock.h>
#include <lib/text/tokenizer.hpp>
#include <nlohmann/json.hpp>

#include <earshot/error.hpp>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using earshot::testing::TemporaryFolder;
using kit::Tokenizer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Json = nlohmann::json;
using Ids = std::vector<std::int64_t>;

/// Letters a to e, a space, and whatever GPT-2 would need for "ab abc".
Json small() {
  return Json::parse(R"({
    "added_tokens": [{"id": 9, "content": "<end>", "special": true}],
    "normalizer": null, "post_processor": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "merges": ["a b", "Ġ ab", "Ġab c"],
      "vocab": {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "Ġ": 5, "ab": 6, "Ġab": 7, "Ġabc": 8}}})");
}

class TokenizerFile : public ::testing::Test {
 protected:
  Tokenizer read(const Json& json) { return read(json.dump()); }
  Tokenizer read(const std::string& text) {
    earshot::testing::write(folder_ / "tokenizer.json", text);
    return Tokenizer(folder_.path());
  }
  /// `text` after an RFC 7396 patch of the small tokenizer.
  Tokenizer patched(const char* patch) {
    auto json = small();
    json.merge_patch(Json::parse(patch));
    return read(json);
  }
  void expect_refusal(const char* patch, const std::string& found, const std::string& allowed) {
    EXPECT_THAT([&] { patched(patch); },
                ThrowsMessage<DataError>(
                    AllOf(HasSubstr("tokenizer.json: "), HasSubstr(found), HasSubstr(allowed))))
        << patch;
  }

  TemporaryFolder folder_{};
};

TEST_F(TokenizerFile, merges_the_best_pair_first_and_drops_bytes_without_a_token) {
  const auto tokenizer = read(small());
  EXPECT_EQ(tokenizer.encode("ab abc"), (Ids{6, 8}));
  EXPECT_EQ(tokenizer.encode("axb"), (Ids{6}));  // once "x" is dropped, its neighbours merge
  EXPECT_EQ(tokenizer.encode("xyz"), Ids{});
  EXPECT_EQ(tokenizer.decode(Ids{6, 8}, false), "ab abc");
}

TEST_F(TokenizerFile, recognises_names_of_tokens_only_on_request) {
  const auto tokenizer = read(small());
  EXPECT_EQ(tokenizer.encode("a<end>"), (Ids{0, 4, 3}));  // < and > and n have no token
  EXPECT_EQ(tokenizer.encode("a<end>", Tokenizer::Names::as_tokens), (Ids{0, 9}));
  EXPECT_EQ(tokenizer.decode(Ids{0, 9}, true), "a");
  EXPECT_EQ(tokenizer.id("<end>"), 9);
  EXPECT_EQ(tokenizer.id("ab abc"), std::nullopt);
  EXPECT_TRUE(tokenizer.special(9));
  EXPECT_FALSE(tokenizer.special(8));
}

TEST_F(TokenizerFile, decodes_ids_without_a_token_as_nothing) {
  const auto tokenizer = patched(R"({"added_tokens": [{"id": 20, "content": "<end>"}]})");
  EXPECT_EQ(tokenizer.size(), 21);
  EXPECT_EQ(tokenizer.decode(Ids{0, 15, -1, 1'000'000'000'000, 1}, false), "ab");
}

TEST_F(TokenizerFile, refuses_other_kinds_and_names_what_it_found) {
  expect_refusal(R"({"model": {"type": "WordPiece"}})", "model is 'WordPiece'", "'BPE'");
  expect_refusal(R"({"model": {"type": "Unigram"}})", "model is 'Unigram'", "'BPE'");
  expect_refusal(R"({"model": {"byte_fallback": true}})", "byte_fallback is true", "false");
  expect_refusal(R"({"model": {"end_of_word_suffix": "</w>"}})", "'</w>'", "none");
  expect_refusal(R"({"model": {"dropout": 0.1}})", "dropout is set", "none");
  expect_refusal(R"({"normalizer": {"type": "NFKC"}})", "normalizer is 'NFKC'", "none");
  expect_refusal(R"({"pre_tokenizer": {"type": "Metaspace"}})", "'Metaspace'", "'ByteLevel'");
  expect_refusal(R"({"pre_tokenizer": {"add_prefix_space": true}})", "add_prefix_space", "false");
  expect_refusal(R"({"pre_tokenizer": null})", "no ByteLevel", "ends with ByteLevel");
  expect_refusal(
      R"({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\w+"}, "behavior": "Isolated"}})",
      R"('\w+')", R"(\p{N}{1,3})");
  expect_refusal(R"({"decoder": {"type": "Metaspace"}})", "decoder is 'Metaspace'", "'ByteLevel'");
  expect_refusal(R"({"decoder": null})", "decoder is 'null'", "'ByteLevel'");
  expect_refusal(R"({"post_processor": {"type": "BertProcessing"}})", "'BertProcessing'",
                 "'TemplateProcessing'");
}

TEST_F(TokenizerFile, refuses_files_that_contradict_themselves) {
  expect_refusal(R"({"model": {"vocab": {"b": 0}}})", "id 0 is used by 'a' and 'b'", "one token");
  expect_refusal(R"({"model": {"vocab": {"b": -1}}})", "id -1", "0 to");
  expect_refusal(R"({"model": {"vocab": {"b": 1e91}}})", "id of a token", "0 to");
  expect_refusal(R"({"model": {"merges": ["d e"]}})", "'de' is not a token", "pairs of tokens");
  expect_refusal(R"({"model": {"merges": ["a b c"]}})", "merge 'a b c'", "[\"a\", \"b\"]");
  expect_refusal(R"({"model": {"unk_token": "<unk>"}})", "unk_token '<unk>'", "one of vocab");
  expect_refusal(R"({"added_tokens": [{"id": 3, "content": "<end>"}]})", "'<end>' has id 3",
                 "one id per token");
  expect_refusal(
      R"({"post_processor": {"type": "TemplateProcessing", "special_tokens": {"x": {"ids": [77]}},
          "single": [{"SpecialToken": {"id": "x"}}, {"Sequence": {"id": "A"}}]}})",
      "id 77", "ids of tokens");
}

TEST_F(TokenizerFile, refuses_what_is_not_a_tokenizer) {
  EXPECT_THAT([&] { Tokenizer{folder_.path()}; },
              ThrowsMessage<DataError>(HasSubstr("does not exist; expected the tokenizer.json")));
  for (const auto* text :
       {"", "[]", "{", "{\"model\": 3}", "{\"model\": {\"vocab\": [], \"merges\": 3}}"})
    EXPECT_THROW(read(std::string(text)), DataError) << text;
  const auto deep = [](const std::string& key) {
    const std::string brackets(3'000'000, '[');
    return "{\"" + key + "\": " + brackets + std::string(brackets.size(), ']');
  };
  auto text = small().dump();
  text.pop_back();
  for (const auto* key : {"pre_tokenizer", "decoder", "added_tokens", "normalizer"})
    EXPECT_THROW(read(text + ", " + deep(key).substr(1) + "}"), DataError) << key;
  expect_refusal(R"({"model": {"merges": [3]}})", "not a valid tokenizer.json",
                 "type must be string");
}

TEST_F(TokenizerFile, refuses_text_that_is_not_utf8) {
  EXPECT_THAT([&] { read(small()).encode("ab\xC3("); },
              ThrowsMessage<DataError>(HasSubstr("byte 2 is 195, which is not UTF-8")));
}

TEST_F(TokenizerFile, serves_several_threads_at_once) {
  const auto tokenizer = read(small());
  std::vector<Ids> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const auto ids = tokenizer.encode(" abc" + std::string(static_cast<std::size_t>(i), 'd'));
        result.insert(result.end(), ids.begin(), ids.end());
      }
    });
  for (auto& thread : threads)
    thread.join();
  for (const auto& result : results)
    EXPECT_EQ(result, results[0]);
}

TEST(Tokenizer, of_bytes_has_the_whole_words_that_it_is_given) {
  const auto tokenizer = Tokenizer::bytes({"<end>"}, {"dog", "a"});
  EXPECT_EQ(tokenizer.encode("a dog, dogs"), (Ids{259, 258, ',', ' ', 'd', 'o', 'g', 's'}));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a dog, dogs"), false), "a dog, dogs");
  EXPECT_EQ(tokenizer.size(), 261);
  EXPECT_THROW(Tokenizer::bytes({}, {"two words"}), ConfigError);
  EXPECT_THROW(Tokenizer::bytes({}, {"a", "a"}), ConfigError);
}

TEST(TokenizerOfBytes, has_a_token_for_each_byte_and_special_ones_after_them) {
  const auto tokenizer = Tokenizer::bytes({"<end>", "<pad>"});
  EXPECT_EQ(tokenizer.size(), 258);
  EXPECT_EQ(tokenizer.id("<pad>"), 257);
  EXPECT_EQ(tokenizer.encode("a\né"), (Ids{97, 10, 0xC3, 0xA9}));
  EXPECT_EQ(tokenizer.encode("<end>", Tokenizer::Names::as_tokens), (Ids{256}));
  EXPECT_EQ(tokenizer.decode(Ids{0xC3, 0xA9, 256, 0xC3}, true), "é\uFFFD");
  EXPECT_THROW(Tokenizer::bytes({"<end>", "<end>"}), ConfigError);
  EXPECT_THROW(Tokenizer::bytes({""}), ConfigError);
}

/// The rows of table 3-8 of Unicode 15, section 3.9.
TEST(TokenizerOfBytes, decodes_wrong_bytes_as_unicode_recommends) {
  const auto tokenizer = Tokenizer::bytes({});
  const auto decode = [&](const std::string& bytes) {
    Ids ids;
    for (const char byte : bytes)
      ids.push_back(static_cast<unsigned char>(byte));
    return tokenizer.decode(ids, false);
  };
  const std::string bad = "\uFFFD";
  EXPECT_EQ(decode("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            bad + bad + bad + bad + bad + bad + bad + bad + "A");
  EXPECT_EQ(decode("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            bad + bad + bad + bad + bad + bad + bad + bad + "A");
  EXPECT_EQ(decode("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            bad + bad + bad + bad + bad + "A" + bad + bad + "B");
  EXPECT_EQ(decode("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), bad + bad + bad + bad + "A");
}

TEST(ChatTemplate, of_llama_trims_and_begins_with_bos) {
  const std::vector<kit::Message> messages = {{"system", " Be brief.\n"}, {"user", "Hi"}};
  EXPECT_EQ(kit::chat(kit::ChatTemplate::llama3, messages, true),
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
  EXPECT_EQ(kit::chat(kit::ChatTemplate::llama3_2, messages, false),
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
            "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\nBe brief.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>");
}

TEST(ChatTemplate, of_chatml_does_not_add_a_system_message) {
  const std::vector<kit::Message> messages = {{"user", "Hi"}};
  EXPECT_EQ(kit::chat(kit::chat_template("chatml"), messages, true),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_THROW(kit::chat_template("vicuna"), ConfigError);
}

}  // namespace
