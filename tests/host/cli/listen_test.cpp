#include <cctype>
#include <set>

#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::HasSubstr;

TEST(Listen, writes_items_as_audio_with_their_labels) {
  const Sandbox sandbox;
  const auto ended = sandbox.command({"listen", "tones.toml:tones", "--n", "3", "--out", "heard"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  int waves = 0;
  for (const auto& entry : std::filesystem::directory_iterator(sandbox / "heard"))
    waves += entry.path().extension() == ".wav";
  EXPECT_EQ(waves, 3);
  EXPECT_THAT(text_of(sandbox / "heard/items.csv"), HasSubstr("kind"));
}

TEST(Listen, draws_by_its_seed_and_says_what) {
  const Sandbox sandbox;
  const auto heard = [&](const std::string& seed) {
    const auto ended = sandbox.command(
        {"listen", "tones.toml:tones", "--n", "4", "--out", "heard" + seed, "--seed", seed});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("drawn with seed " + seed + ": 4 of 70 items"));
    EXPECT_THAT(ended.out, HasSubstr("class: "));
    return text_of(sandbox / ("heard" + seed) / "items.csv");
  };
  EXPECT_NE(heard("0"), heard("1"));
}

// Regression: items whose ids differ only in characters that a file name cannot have overwrote each
// other.
TEST(Listen, writes_a_separate_file_for_each_item) {
  const Sandbox sandbox;
  int samples = 400;
  for (const auto* name :
       {"a/b_1.wav", "a_b/1.wav", "a b.wav", "a_b.wav", "A_B.wav", "\u65e5.wav", "\u6771.wav"}) {
    const auto file = sandbox / "clash/kind" / name;
    std::filesystem::create_directories(file.parent_path());
    write_sound(file, tone(samples++, 440, 16000), 16000);
  }
  const auto ended = sandbox.command(
      {"listen", "folder", "--option", "root=clash", "--n", "100", "--out", "heard"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  std::set<std::size_t> lengths;
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(sandbox / "heard")) {
    if (entry.path().extension() != ".wav") continue;
    lengths.insert(read_sound(entry.path()).interleaved.size());
    auto name = entry.path().filename().string();
    for (auto& letter : name)
      letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    names.insert(name);
  }
  EXPECT_EQ(lengths.size(), 7U);
  EXPECT_EQ(names.size(), 7U) << "on a disk that knows no upper case, too";
}

TEST(Listen, refuses_an_unknown_option_of_the_dataset_with_the_nearest) {
  const Sandbox sandbox;
  const auto ended =
      sandbox.command({"listen", "tones.toml:tones", "--option", "validatoin=0.5", "--out", "x"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("did you mean 'validation'?"));
}

}  // namespace
}  // namespace earshot::testing
