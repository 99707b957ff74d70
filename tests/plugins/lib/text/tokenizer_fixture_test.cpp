#include <filesystem>

#include <gmock/gmock.h>
#include <lib/text/tokenizer.hpp>
#include <nlohmann/json.hpp>

#include "files.hpp"
#include "fixture_folder.hpp"

namespace {

using namespace earshot;
using kit::Tokenizer;
using Json = nlohmann::json;
using Ids = std::vector<std::int64_t>;

/// Folders of the project's goldens and of the fixtures that contain a tokenizer.
std::vector<std::string> cases() {
  return earshot::testing::case_folders("codec_lm", [](const std::filesystem::path& path) {
    return std::filesystem::exists(path / "tokenizer.json") &&
           std::filesystem::exists(path / "golden.json");
  });
}

class TokenizerFixture : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    golden = Json::parse(earshot::testing::text_of(GetParam() + "/golden.json"));
  }
  Json golden{};
  Tokenizer tokenizer{GetParam()};
};

TEST_P(TokenizerFixture, encodes_every_string_as_the_reference) {
  ASSERT_FALSE(golden["rows"].empty());
  for (const auto& row : golden["rows"]) {
    const auto text = row["text"].get<std::string>();
    const auto ids = tokenizer.encode(text, Tokenizer::Names::as_tokens);
    EXPECT_EQ(ids, row["ids_no_special"].get<Ids>()) << text;
    EXPECT_EQ(tokenizer.encode(text, Tokenizer::Names::as_tokens_with_template),
              row["ids"].get<Ids>())
        << text;
    std::vector<std::string> tokens;
    for (const auto id : ids)
      tokens.push_back(tokenizer.token(id).value());
    EXPECT_EQ(tokens, row["tokens"].get<std::vector<std::string>>()) << text;
  }
}

TEST_P(TokenizerFixture, decodes_every_string_as_the_reference) {
  for (const auto& row : golden["rows"]) {
    const auto ids = row["ids_no_special"].get<Ids>();
    EXPECT_EQ(tokenizer.decode(ids, false), row["decoded"]) << row["text"];
    EXPECT_EQ(tokenizer.decode(ids, true), row["decoded_skip_special"]) << row["text"];
  }
}

TEST_P(TokenizerFixture, decodes_each_token_alone_and_characters_that_are_cut) {
  EXPECT_EQ(tokenizer.size(), golden["vocab_size"]);
  for (std::int64_t id = 0; id < tokenizer.size(); ++id) {
    EXPECT_EQ(tokenizer.decode(Ids{id}, false), golden["decode_each_id"].at(id)) << id;
    EXPECT_EQ(tokenizer.id(tokenizer.token(id).value()), id);
  }
  for (const auto& row : golden["decode_cut"])
    EXPECT_EQ(tokenizer.decode(row["ids"].get<Ids>(), false), row["decoded"]) << row;
}

TEST_P(TokenizerFixture, writes_dialogues_as_the_template) {
  if (!golden.contains("chat")) GTEST_SKIP() << "the case has no dialogues";
  for (const auto& row : golden["chat"]) {
    std::vector<kit::Message> messages;
    for (const auto& message : row["messages"])
      messages.push_back({.role = message["role"], .content = message["content"]});
    const auto text =
        kit::chat(kit::ChatTemplate::smollm2, messages, row["add_generation_prompt"].get<bool>());
    EXPECT_EQ(text, row["text"]);
    EXPECT_EQ(tokenizer.encode(text, Tokenizer::Names::as_tokens), row["ids"].get<Ids>());
  }
}

std::string case_name(const ::testing::TestParamInfo<std::string>& info) {
  const auto own = info.param.starts_with(EARSHOT_SOURCE_DIR "/tests/golden") ? "golden_" : "";
  return own + std::filesystem::path(info.param).filename().string();
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TokenizerFixture);
INSTANTIATE_TEST_SUITE_P(Cases, TokenizerFixture, ::testing::ValuesIn(cases()), case_name);

}  // namespace
