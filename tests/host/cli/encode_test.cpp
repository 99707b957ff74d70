#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "safetensors.hpp"
#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

/// `runner encode` with these arguments, in a folder with two tones, one of them twice.
class Encode : public ::testing::Test {
 protected:
  Encode() {
    std::filesystem::create_directories(sandbox / "other");
    write_sound(sandbox / "a.wav", tone(16000, 440, 16000), 16000);
    write_sound(sandbox / "b.wav", tone(8000, 440, 16000), 16000);
    write_sound(sandbox / "other/a.wav", tone(4000, 440, 16000), 16000);
  }
  Ended encode(std::vector<std::string> words) const {
    words.insert(words.begin(), "encode");
    return sandbox.command(words);
  }
  Json metadata(const std::string& file) const {
    const auto bytes = text_of(sandbox / file);
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    return Json::parse(bytes.substr(8, length)).at("__metadata__");
  }
  Sandbox sandbox;
};

TEST_F(Encode, writes_features_of_each_file_under_its_name) {
  const auto ended = encode({"log_mel", "a.wav", "b.wav", "other/a.wav", "--to", "x.safetensors"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("encoded 3 of 3 files into x.safetensors"));
  const auto tensors = read_safetensors(sandbox / "x.safetensors");
  ASSERT_EQ(tensors.size(), 3U);
  const double rate = std::stod(metadata("x.safetensors").at("frame_rate").get<std::string>());
  EXPECT_NEAR(static_cast<double>(tensors.at("a").shape[0]), rate, 1);
  EXPECT_NEAR(static_cast<double>(tensors.at("a-2").shape[0]), rate / 4, 1);
  EXPECT_NE(tensors.at("b").values[0], 0);
}

TEST_F(Encode, records_in_the_file_how_features_were_made) {
  encode({"log_mel", "a.wav", "--to", "x.safetensors", "--option", "mels=32"});
  const auto about = metadata("x.safetensors");
  EXPECT_EQ(about.at("encoder"), "spectral/log_mel");
  EXPECT_EQ(Json::parse(about.at("options").get<std::string>()).at("mels"), 32);
  EXPECT_EQ(Json::parse(about.at("files").get<std::string>()), Json({{"a", "a.wav"}}));
  EXPECT_TRUE(about.contains("first_frame") && about.contains("sample_rate"));
}

TEST_F(Encode, writes_numpy_files_and_tables_of_the_same_numbers) {
  ASSERT_EQ(encode({"log_mel", "a.wav", "b.wav", "--to", "out"}).code, 0);
  ASSERT_EQ(encode({"log_mel", "a.wav", "b.wav", "--to", "x.csv"}).code, 0);
  ASSERT_EQ(encode({"log_mel", "a.wav", "b.wav", "--to", "x.safetensors"}).code, 0);
  const auto tensor = read_safetensors(sandbox / "x.safetensors").at("b");
  const auto npy = text_of(sandbox / "out/b.npy");
  const auto bytes = tensor.values.size() * sizeof(float);
  ASSERT_EQ(npy.size() % 64, bytes % 64);
  EXPECT_EQ(std::memcmp(npy.data() + npy.size() - bytes, tensor.values.data(), bytes), 0);
  EXPECT_TRUE(Json::parse(text_of(sandbox / "out/about.json")).contains("frame_rate"));

  std::istringstream lines(text_of(sandbox / "x.csv"));
  std::string line;
  std::getline(lines, line);
  EXPECT_THAT(line, StartsWith("clip,frame,time,value_0,value_1"));
  while (std::getline(lines, line) && !line.starts_with("b,0,"))
    continue;
  std::istringstream fields(line);
  for (int skipped = 0; skipped < 3; ++skipped)
    std::getline(fields, line, ',');
  std::getline(fields, line, ',');
  EXPECT_EQ(std::stof(line), tensor.values[0]) << "the digits read back";
}

TEST_F(Encode, writes_codes_and_audio_that_went_through_them) {
  const std::vector<std::string> tiny{"mimi",        "--option", "weights=random", "--option",
                                      "preset=tiny", "--option", "levels=2",       "a.wav"};
  auto words = tiny;
  words.insert(words.end(), {"--codes", "--to", "codes.csv", "--decode", "heard"});
  const auto ended = encode(words);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(text_of(sandbox / "codes.csv"), StartsWith("clip,frame,time,code_0,code_1\na,0,"));
  const auto heard = read_sound(sandbox / "heard/a.wav");
  EXPECT_EQ(heard.format, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  EXPECT_EQ(heard.rate, 24000);
  EXPECT_EQ(heard.interleaved.size(), 24000U) << "as long as the recording";
  EXPECT_THAT(text_of(sandbox / "codes.csv.json"), HasSubstr("codebook_sizes"));
}

TEST_F(Encode, takes_recordings_of_any_length_through_a_codec_that_works_in_chunks) {
  // Its second chunk is as long as the step to the next one: the largest deviation from duration
  // times frame rate.
  write_sound(sandbox / "long.wav", tone(31626, 440, 16000), 16000);
  const auto ended =
      encode({"encodec", "--option", "weights=random", "--option", "preset=tiny_stereo", "b.wav",
              "long.wav", "--codes", "--to", "x.safetensors", "--decode", "heard"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const auto loudness = read_safetensors(sandbox / "x.safetensors");
  EXPECT_EQ(loudness.at("b.side").values.size(), 1U);
  EXPECT_EQ(loudness.at("long.side").values.size(), 2U) << "of each second begun";
  const auto heard = read_sound(sandbox / "heard/long.wav");
  EXPECT_EQ(heard.channels, 2);
  EXPECT_EQ(heard.interleaved.size(), 2U * 3 * 31626);
}

TEST_F(Encode, writes_a_single_recording_into_one_numpy_file) {
  ASSERT_EQ(encode({"log_mel", "a.wav", "--to", "x.npy"}).code, 0);
  ASSERT_EQ(encode({"log_mel", "a.wav", "--to", "out"}).code, 0);
  EXPECT_EQ(text_of(sandbox / "x.npy"), text_of(sandbox / "out/a.npy"));
  EXPECT_TRUE(Json::parse(text_of(sandbox / "x.npy.json")).contains("frame_rate"));
  const auto ended = encode({"log_mel", "a.wav", "b.wav", "--to", "x.npy"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("holds one recording, but 2 are given"));
}

TEST_F(Encode, continues_after_a_file_that_cannot_be_read) {
  write(sandbox / "bad.wav", "no audio");
  const auto ended = encode({"log_mel", "none.wav", "bad.wav", "a.wav", "--to", "x.safetensors"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("none.wav: "), HasSubstr("bad.wav: ")));
  EXPECT_THAT(ended.out, HasSubstr("encoded 1 of 3 files"));
  EXPECT_EQ(read_safetensors(sandbox / "x.safetensors").size(), 1U);
  EXPECT_EQ(Json::parse(metadata("x.safetensors").at("files").get<std::string>()),
            Json({{"a", "a.wav"}}))
      << "of what was written";
}

TEST_F(Encode, takes_the_options_of_an_experiment) {
  auto text = Sandbox::experiment();
  text.replace(text.find("use = \"log_mel\""), 15, "use = \"log_mel\"\noptions = { mels = 32 }");
  sandbox.write_experiment(text);
  EXPECT_EQ(encode({"tones.toml:log_mel", "a.wav", "--to", "x.safetensors"}).code, 0);
  EXPECT_EQ(read_safetensors(sandbox / "x.safetensors").at("a").shape[1], 32);
  EXPECT_THAT(encode({"tones.toml:log_mle", "a.wav", "--to", "x.txt"}).err,
              HasSubstr("determine the format"));
  EXPECT_THAT(encode({"tones.toml:log_mle", "a.wav", "--to", "x"}).err,
              HasSubstr("did you mean 'log_mel'?"));
}

TEST_F(Encode, writes_what_precomputed_reads_with_the_same_results) {
  std::vector<std::string> words{"log_mel", "--to", "features"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(sandbox.data()))
    if (entry.is_regular_file()) words.push_back(entry.path().string());
  ASSERT_EQ(encode(words).code, 0);
  const auto about = Json::parse(text_of(sandbox / "features/about.json"));
  auto text = Sandbox::experiment();
  text.replace(text.find("[task.probe]"), 0,
               "[encoder.mine]\nuse = \"precomputed\"\noptions = { folder = \"features\", names = "
               "\"file\", frame_rate = " +
                   about.at("frame_rate").get<std::string>() + " }\n");
  text.replace(text.find("encoder = [\"log_mel\", \"level_only\"]"), 35,
               "encoder = [\"log_mel\", \"mine\"]");
  sandbox.write_experiment(text);
  const auto ended = sandbox.run("r", {"--only", "task=probe"});
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(sandbox.query("r",
                          "SELECT group_concat(DISTINCT p.n) FROM (SELECT encoder, count(DISTINCT "
                          "value || metric || seed) AS n FROM result GROUP BY encoder) p"),
            sandbox.query("r", "SELECT count(DISTINCT value || metric || seed) FROM result"))
      << "each encoder has the numbers that both have together";

  std::filesystem::remove(sandbox / "features/0.npy");
  const auto lost = sandbox.run("r", {"--only", "task=probe"});
  EXPECT_EQ(lost.code, 1);
  EXPECT_THAT(lost.out + lost.err, HasSubstr("there are no features for '0'"));
}

TEST_F(Encode, does_not_claim_published_training_data_for_random_weights) {
  ASSERT_EQ(encode({"mimi", "a.wav", "--to", "x.safetensors", "--option", "weights=random",
                    "--option", "preset=tiny"})
                .code,
            0);
  const auto options = Json::parse(metadata("x.safetensors").at("options").get<std::string>());
  EXPECT_EQ(options.at("weights").at("source"), "random");
  EXPECT_FALSE(options.contains("pretrain_data"));
}

TEST_F(Encode, says_how_to_get_weights_that_are_missing) {
  const auto ended = encode({"mimi", "a.wav", "--to", "x.csv", "--option", "weights=hf://no/such"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("'runner weights hf://no/such --get' downloads it"));
}

TEST_F(Encode, refuses_meaningless_requests) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {},
           {"log_mel"},
           {"log_mel", "a.wav"},
           {"log_mel", "a.wav", "--to", "x.txt"},
           {"log_mel", "a.wav", "--to", "x", "--format", "parquet"},
           {"log_mel", "a.wav", "--to", "x", "--codes"},
           {"log_mel", "a.wav", "--decode", "x"},
           {"no_such_encoder", "a.wav", "--to", "x"},
           {"log_mel", "a.wav", "--to", "x", "--option", "melz=3"}}) {
    const auto ended = encode(words);
    EXPECT_EQ(ended.code, 2) << ::testing::PrintToString(words);
    EXPECT_THAT(ended.err, Not(HasSubstr("crash"))) << ended.err;
  }
}

// Regression: it ended with "[json.exception.type_error.316]".
TEST_F(Encode, refuses_an_option_whose_name_is_not_utf8) {
  const auto ended = encode({"log_mel", "a.wav", "--to", "x.csv", "--option", "mel\xff=3"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("unknown option 'mel\\xFF' of log_mel"));
}

}  // namespace
}  // namespace earshot::testing
