#include "rules.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include <earshot/error.hpp>

#include "temporary_folder.hpp"

namespace reasonaqa {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

const std::filesystem::path shipped =
    std::filesystem::path(EARSHOT_SOURCE_DIR) / "plugins/datasets/reasonaqa/reasonaqa_rules.json";

std::string content(Rules& rules, const char* question) {
  return rules.topics()[rules.topic(question)].content;
}
std::string category(Rules& rules, const char* question) {
  return rules.topics()[rules.topic(question)].category;
}

TEST(Rules, classify_the_questions_of_the_study_as_it_does) {
  Rules rules(shipped);
  for (const auto* question :
       {"What is the acoustic environment like?",
        "What can be inferred about the environment from the audio?",
        "What is the likely environment or setting for this audio clip?",
        "Is this sound typical of a specific environment?", "Is this indoor or outdoor?"})
    EXPECT_EQ(category(rules, question), "environment") << question;
  for (const auto* question :
       {"Describe the recording quality", "What is the frequency range of the sound?",
        "How loud is the engine?", "What is the timbre of the instrument?",
        "How much reverberation is there?"})
    EXPECT_EQ(category(rules, question), "acoustic_properties") << question;
  for (const auto* question :
       {"What mood does the audio evoke?", "emo_emo_emo", "What emotions does the sound convey?"})
    EXPECT_EQ(category(rules, question), "mood") << question;
  for (const auto* question :
       {"What sound is this?", "What is the source of the noise?", "caption first audio"})
    EXPECT_EQ(category(rules, question), "sound_event") << question;
  EXPECT_EQ(category(rules, "Is it plausible?"), "other");
  EXPECT_EQ(content(rules, "How many dogs bark?"), "counting");
  EXPECT_EQ(content(rules, "What happens after the horn?"), "temporal");
  EXPECT_EQ(content(rules, "explain the difference in few words"), "difference");
}

TEST(Rules, match_whole_words_and_exact_phrases) {
  Rules rules(shipped);
  EXPECT_EQ(content(rules, "Was it recounted?"), "other");  // not "count"
  EXPECT_EQ(content(rules, "How, many?"), "counting");
  EXPECT_EQ(content(rules, ""), "other");
  EXPECT_EQ(content(rules, "\xff\xfe \xc3"), "other");
}

TEST(Rules, know_subtypes_however_they_are_spelled) {
  const Rules rules(shipped);
  for (const auto* name : {"ACD-1.json", "acd-3", "CLD.json", "CLD_2"})
    EXPECT_EQ(rules.subtype(name).format, "compare") << name;
  for (const auto* name : {"CLE.json", "ACE", "Clotho-MCQ.json", "AudioCapsMCQ.json"})
    EXPECT_EQ(rules.subtype(name).format, "multiple_choice") << name;
  EXPECT_EQ(rules.subtype("ClothoAQA.json").gold_from, "audio");
  EXPECT_EQ(rules.subtype("AudioCaps.json").format, "");
  EXPECT_EQ(rules.subtype("").format, "");
}

TEST(Rules, of_the_user_are_checked) {
  const earshot::testing::TemporaryFolder folder;
  const auto read = [&](const std::string& text) {
    std::ofstream(folder / "r.json") << text;
    Rules rules(folder / "r.json");
  };
  const std::string golds = R"("gold_from": {"multiple_choice": "audio", "compare": "audio",)"
                            R"( "yes_no": "audio", "caption": "audio", "open": "audio"})";
  const std::string rest =
      R"(, "caption": [], "topics": [], "other": {"content": "x", "category": "y"}})";
  EXPECT_NO_THROW(read("{\"subtypes\": []," + golds + rest));
  const auto expect = [&](const std::string& text, const std::string& message) {
    EXPECT_THAT([&] { read(text); }, ThrowsMessage<earshot::DataError>(HasSubstr(message))) << text;
  };
  expect("", "is not as expected");
  expect("{}", "subtypes");
  expect(R"({"subtypes": [{"names": ["x"], "format": "essay"}],)" + golds + rest,
         "format 'essay'; allowed: open, caption");
  expect(R"({"subtypes": [{"names": ["x"], "gold_from": "hearsay"}],)" + golds + rest,
         "gold_from 'hearsay'");
  expect("{\"subtypes\": []," + golds +
             R"(, "caption": [], "topics": [{"content": "c", "category": "k", "words": ["!"]}]})",
         "'!' in words");
  EXPECT_THROW(Rules(folder / "none.json"), earshot::DataError);
}

}  // namespace
}  // namespace reasonaqa
