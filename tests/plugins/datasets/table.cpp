#include "datasets/table/table.hpp"

#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using earshot::DataError;
using earshot::Label;
using earshot::Options;
using earshot::Path;
using earshot::Split;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using Given = std::map<std::string, earshot::OptionValue>;
using Texts = std::vector<std::string>;

class Table : public testing::Test {
 protected:
  table::Table open(const std::string& name, const std::string& text, Given options = {}) const {
    std::ofstream(root_ / name, std::ios::binary) << text;
    options["file"] = Path{root_ / name};
    return {Options(table::Table::options(), options), {.device = at::kCPU}};
  }
  void expect(const std::string& name, const std::string& text, const std::string& message,
              const Given& options = {}) const {
    EXPECT_THAT([&] { open(name, text, options); }, ThrowsMessage<DataError>(HasSubstr(message)))
        << text;
  }
  earshot::testing::TemporaryFolder folder_{};
  const fs::path root_ = folder_.path();
};

const Given columns = {{"audio", Texts{"path"}},        {"labels", Texts{"Sound Event"}},
                       {"numbers", Texts{"rt60=s"}},    {"sets", Texts{"tags"}},
                       {"split", std::string("part")},  {"groups", Texts{"speaker"}},
                       {"slices", Texts{"device"}},     {"start", std::string("from")},
                       {"duration", std::string("for")}};

/// Expects the same two items in every format.
void expect_items(const table::Table& dataset, const fs::path& root) {
  ASSERT_EQ(dataset.size(), 2);
  const auto labels = dataset.labels();
  ASSERT_EQ(labels.size(), 3U);
  EXPECT_EQ(labels[0].name, "sound_event");
  EXPECT_THAT(labels[0].classes, ElementsAre("bark, loud", "rain"));
  EXPECT_EQ(labels[1].unit, "s");
  EXPECT_THAT(labels[2].classes, ElementsAre("indoor", "near"));
  const auto rain = dataset.item(0), bark = dataset.item(1);
  EXPECT_EQ(rain.clips.front().file, root / "a b.wav");
  EXPECT_EQ(rain.clips.front().start, 1.5);
  EXPECT_EQ(rain.clips.front().duration, 0);
  EXPECT_EQ(rain.split, Split::train);
  EXPECT_EQ(rain.labels.at("sound_event"), Label(std::string("rain")));
  EXPECT_EQ(rain.labels.at("rt60"), Label(0.25));
  EXPECT_EQ(rain.labels.at("tags"), Label(Texts{"near", "indoor"}));
  EXPECT_THAT(rain.groups, ElementsAre(testing::Pair("speaker", "7")));
  EXPECT_THAT(rain.slices, ElementsAre(testing::Pair("device", "phone")));
  EXPECT_EQ(bark.split, Split::test);
  EXPECT_EQ(bark.clips.front().duration, 2);
  EXPECT_FALSE(bark.labels.contains("rt60"));
  EXPECT_TRUE(bark.groups.empty());
  EXPECT_NE(rain.id, bark.id);
}

TEST_F(Table, reads_csv_tsv_json_and_json_lines_alike) {
  expect_items(open("t.csv",
                    "\xef\xbb\xbfpath,Sound Event,rt60,tags,part,speaker,device,from,for,more\r\n"
                    "a b.wav,rain,0.25,near; indoor,train,7,phone,1.5,,x\r\n"
                    "c.wav,\"bark, loud\",,,test,,phone,0,2,\"a \"\"quoted\"\"\r\nline\"\r\n",
                    columns),
               root_);
  expect_items(open("t.tsv",
                    "path\tSound Event\trt60\ttags\tpart\tspeaker\tdevice\tfrom\tfor\n"
                    "a b.wav\train\t0.25\tnear; indoor\ttrain\t7\tphone\t1.5\t\n\n"
                    "c.wav\tbark, loud\t\t\ttest\t\tphone\t0\t2",
                    columns),
               root_);
  const std::string rain =
      R"({"path": "a b.wav", "Sound Event": "rain", "rt60": 0.25, "tags": ["near", "indoor"],)"
      R"( "part": "train", "speaker": 7, "device": "phone", "from": 1.5, "more": {"deep": [[1]]}})";
  const std::string bark =
      R"({"path": "c.wav", "Sound Event": "bark, loud", "rt60": null, "part": "test",)"
      R"( "device": "phone", "from": 0, "for": 2})";
  expect_items(open("t.json", "[" + rain + ",\n" + bark + "]", columns), root_);
  expect_items(open("t.jsonl", rain + "\n\n" + bark + "\n", columns), root_);
}

TEST_F(Table, takes_folds_ids_roots_and_two_clips) {
  const auto dataset = open("t.csv", "id,fold,first,second\nx,2,a.wav,b.wav\ny,1,c.wav,\n",
                            {{"audio", Texts{"first", "second"}},
                             {"id", std::string("id")},
                             {"fold", std::string("fold")},
                             {"root", Path{"/elsewhere"}}});
  EXPECT_EQ(dataset.item(0).id, "x");
  EXPECT_EQ(dataset.item(0).fold, 2);
  EXPECT_EQ(dataset.item(0).clips.at(1).file, "/elsewhere/b.wav");
  EXPECT_EQ(dataset.item(1).clips.size(), 1U);
}

TEST_F(Table, splits_whole_groups_when_nothing_is_given) {
  std::string text = "audio,speaker\n";
  for (int i = 0; i < 60; ++i)
    text += std::to_string(i) + ".wav," + std::to_string(i / 3) + "\n";
  const auto dataset = open("t.csv", text, {{"groups", Texts{"speaker"}}});
  std::map<std::string, std::set<Split>> splits;
  int test = 0;
  for (std::int64_t i = 0; i < 60; ++i) {
    splits[dataset.item(i).groups.at("speaker")].insert(dataset.item(i).split);
    test += dataset.item(i).split == Split::test ? 1 : 0;
  }
  for (const auto& [speaker, found] : splits)
    EXPECT_EQ(found.size(), 1U);
  EXPECT_EQ(test, 12);
}

TEST_F(Table, refuses_hostile_tables_and_names_the_line) {
  expect("t.csv", "", "t.csv: is empty");
  expect("t.csv", "audio\n", "t.csv: has no rows");
  expect("t.csv", "audio,audio\na,b\n", "t.csv:1: has the column 'audio' twice");
  expect("t.csv", "audio,x\na.wav\n", "t.csv:2: has 1 fields; expected 2");
  expect("t.csv", "audio\na.wav\n\"b.wav\nc.wav\n", "t.csv:3: has a quote that is never closed");
  expect("t.csv", "audio\n\"a\"b\n", "t.csv:2: has 'b' after a closing quote");
  expect("t.csv", std::string("audio\na\0b\n", 10), "t.csv:2: has a NUL byte");
  expect("t.csv", "audio\na.wav\n\na.wav\n", "t.csv:4: has the id 'a.wav' of t.csv:2");
  expect("t.csv", "audio,x\n,1\n", "t.csv:2: 'audio' is empty");
  expect("t.csv", "audio,x\na.wav,1e999\n", "t.csv:2: 'x' is '1e999'", {{"numbers", Texts{"x"}}});
  expect("t.csv", "audio,x\na.wav,nan\n", "expected a finite number", {{"numbers", Texts{"x"}}});
  expect("t.csv", "audio,x\na.wav,0\n", "t.csv:2: fold is 0", {{"fold", std::string("x")}});
  expect("t.csv", "audio,x\na.wav,-1\n", "t.csv:2: 'x' is -1 s", {{"start", std::string("x")}});
  expect("t.csv", "audio,x\na.wav,half\n", "t.csv:2: split is 'half'; allowed: train",
         {{"split", std::string("x")}});
  expect("t.csv", "audio,x\na.wav,\n", "column 'x' is empty in every row",
         {{"labels", Texts{"x"}}});
  expect("t.json", "{\"audio\": \"a\"}", "holds an object instead of a row");
  expect("t.json", "[1]", "holds a number instead of a row");
  expect("t.json", "[{\"audio\": \"a.wav\"}", "invalid JSON");
  expect("t.json", "[{\"audio\": {\"x\": 1}}]", "t.json, object 1: 'audio' is an object");
  expect("t.json", "[{\"audio\": [\"a\"]}]", "t.json, object 1: 'audio' is a list");
  expect("t.jsonl", "{\"audio\": \"a.wav\"}\n{\"audio\": \n", "t.jsonl:2: invalid JSON");
  expect("t.jsonl", "{\"audio\": \"a.wav\"} {\"audio\": \"b.wav\"}\n", "t.jsonl:1: invalid JSON");
  EXPECT_THROW(open("t.txt", "audio\n"), earshot::ConfigError);
  EXPECT_THROW(open("t.csv", "audio\na\n", {{"audio", Texts{}}}), earshot::ConfigError);
  EXPECT_THROW(open("t.csv", "audio,a b,a-b\na,1,1\n", {{"labels", Texts{"a b", "a-b"}}}),
               earshot::ConfigError);
}

TEST_F(Table, suggests_the_nearest_column_for_a_missing_one) {
  const auto refused = [&](const std::string& name, const std::string& text,
                           const std::string& message, const Given& options = {}) {
    EXPECT_THAT([&] { open(name, text, options); },
                ThrowsMessage<earshot::ConfigError>(HasSubstr(message)))
        << text;
  };
  refused("t.csv", "file\na.wav\n", "t.csv has no column 'audio'; there are 'file'");
  refused("t.csv", "audio,label\na.wav,x\n", "no column 'lable'; did you mean 'label'?",
          {{"labels", Texts{"lable"}}});
  refused("t.csv", "audio,speaker\na.wav,x\n", "no column 'Speaker'; did you mean 'speaker'?",
          {{"groups", Texts{"Speaker"}}});
  refused("t.tsv", "audio\troom\na.wav\tx\n", "no column 'rom'; did you mean 'room'?",
          {{"slices", Texts{"rom"}}});
  refused("t.json", R"([{"audio": "a", "fold": 1, "x": {"folds": 1}}])",
          "no column 'folds'; did you mean 'fold'?", {{"fold", std::string("folds")}});
  refused("t.jsonl", "{\"file\": \"a\"}\n{\"audios\": \"a\"}\n",
          "no column 'audio'; did you mean 'audios'?; there are 'audios', 'file'");
  refused("t.csv", "audio;label\na.wav;x\n", "seem to be separated by ';'");
}

TEST_F(Table, takes_none_na_nan_and_leading_zeros_for_classes) {
  const auto dataset = open("t.csv",
                            "\xef\xbb\xbf\"audio\",x\r\n1,None\r\n2,NA\r\n3,nan\r\n4,null\r\n"
                            "5,01\r\n6,1\r\n7,\r\n8,\"new\nline\"\r\n9,\xf0\x9f\x90\x95\r\n",
                            {{"labels", Texts{"x"}}});
  EXPECT_EQ(dataset.labels().front().classes,
            (Texts{"01", "1", "NA", "None", "nan", "new\nline", "null", "\xf0\x9f\x90\x95"}));
  EXPECT_FALSE(dataset.item(6).labels.contains("x"));
}

// Regression: a Latin-1 table failed in the words of a library, without line and column.
TEST_F(Table, refuses_invalid_utf8_with_line_and_column) {
  const auto advice = "it as UTF-8";
  expect("t.csv", "audio,x\na.wav,caf\xe9\n", "t.csv:2:10: byte 0xe9 is not UTF-8");
  expect("t.csv", "audio,x\na.wav,caf\xe9\n", advice);
  expect("t.csv", "audio,\xfc\na.wav,1\n", "t.csv:1:7: byte 0xfc");
  expect("t.csv", "audio,x\na.wav,1\xe2\x82", "t.csv:2:8: the file ends within");
  expect("t.csv", "audio,x\na.wav,\xed\xa0\x80\n", "t.csv:2:7: byte 0xed");  // a surrogate
  expect("t.csv", "audio,x\na.wav,\xc0\xaf\n", "t.csv:2:7: byte 0xc0");      // overlong form
  expect("t.tsv", std::string("\xff\xfe") + std::string("a\0u\0", 4), "t.tsv:1: is UTF-16");
  expect("t.csv", std::string("\xfe\xff") + std::string("\0a\0u", 4), advice);
  expect("t.csv", std::string("a\0u\0", 4), "t.csv:1: has a NUL byte");
  expect("t.json", "[{\"audio\": \"caf\xe9\"}]", "t.json:1:16: a byte is not UTF-8");
  expect("t.jsonl", "{\"audio\": \"a\"}\n{\"audio\": \"\xe9\"}\n", "t.jsonl:2:12: a byte");
  expect("t.jsonl", std::string("\xff\xfe{\0", 4), "t.jsonl:1: is UTF-16");
}

TEST_F(Table, refuses_more_hostile_tables) {
  expect("t.csv", "audio,x\ra.wav,1\rb.wav,2\r", "ends in CR alone");
  expect("t.jsonl", "{\"audio\": \"a\", \"audio\": \"b\"}\n", "t.jsonl:1: has 'audio' twice");
  expect("t.json", "[{\"audio\": \"a\"}, {\"audio\": \"b\", \"z\": {}, \"audio\": \"c\"}]",
         "t.json, object 2: has 'audio' twice");
  expect("t.jsonl", "{\"audio\": \"a\\u0000b\"}\n", "t.jsonl:1: 'audio' has a NUL character");
  EXPECT_EQ(open("t.csv", "audio,,\na.wav,,\n").size(), 1);  // as spreadsheets save empty columns
  EXPECT_EQ(open("t.csv", "audio,x\n\"" + std::string(5'000'000, 'x') + "\",1\n").size(), 1);
}

TEST_F(Table, takes_lists_in_cells_as_json_and_python_write_them) {
  const auto tags = [&](const std::string& cell) {
    const auto dataset =
        open("t.csv", "audio,tags\na.wav,\"" + cell + "\"\nb.wav,z\n", {{"sets", Texts{"tags"}}});
    return std::get<Texts>(dataset.item(0).labels.at("tags"));
  };
  EXPECT_EQ(tags(R"([""lo"", ""loud""])"), (Texts{"lo", "loud"}));
  EXPECT_EQ(tags("['lo', 'loud']"), (Texts{"lo", "loud"}));
  EXPECT_EQ(tags("{'lo', 'loud'}"), (Texts{"lo", "loud"}));
  EXPECT_EQ(tags("('lo',)"), (Texts{"lo"}));
  EXPECT_EQ(tags("[]"), (Texts{}));
  EXPECT_EQ(tags("[1, 2.5, True, None]"), (Texts{"1", "2.5", "True", "None"}));
  EXPECT_EQ(tags(R"(['it\'s', ""a, b; c"", 'caf\xe9', 'caf\u00e9', '\ud83d\udc15'])"),
            (Texts{"it's", "a, b; c", "caf\u00e9", "caf\u00e9", "\xf0\x9f\x90\x95"}));
  EXPECT_EQ(tags("lo; loud"), (Texts{"lo", "loud"}));
  EXPECT_EQ(tags("(a); (b)"), (Texts{"(a)", "(b)"}));
  for (const auto* cell : {"['lo' 'loud']", "[lo, loud]", "['lo', ['loud']]", "{'a': 1}"})
    expect("t.csv", "audio,tags\na.wav,\"" + std::string(cell) + "\"\n",
           "t.csv:2: 'tags' is '" + std::string(cell) + "'; expected a list",
           {{"sets", Texts{"tags"}}});
}

TEST_F(Table, poses_questions_open_or_with_choices_about_one_clip_or_two) {
  const Given questions = {
      {"audio", Texts{"a", "b"}},       {"id", std::string("id")},
      {"question", std::string("ask")}, {"choices", std::string("options")},
      {"answer", std::string("gold")},  {"answer_origin", std::string("Asked Of")}};
  const auto dataset = open("t.jsonl",
                            R"({"id": 1, "a": "x.wav", "ask": "what?", "gold": ["rain", "a; b"]}
{"id": 2, "a": "x.wav", "ask": "which?", "options": "dog; cat", "gold": "cat"}
{"id": 3, "a": "x.wav", "b": "y.wav", "ask": "same?", "gold": "yes", "Asked Of": "audio"}
)",
                            questions);
  const auto open_one = dataset.item(0), choice = dataset.item(1), two = dataset.item(2);
  EXPECT_EQ(open_one.question->text, "what?");
  EXPECT_THAT(open_one.question->answers, ElementsAre("rain", "a; b"));
  EXPECT_TRUE(open_one.question->choices.empty());
  EXPECT_EQ(open_one.slices.at("format"), "open");
  EXPECT_THAT(choice.question->choices, ElementsAre("dog", "cat"));
  EXPECT_EQ(choice.slices.at("format"), "multiple_choice");
  EXPECT_EQ(two.clips.size(), 2U);
  EXPECT_EQ(two.slices.at("format"), "compare");
  EXPECT_EQ(dataset.slice_roles().at(earshot::SliceRole::answer_origin), "asked_of");
  EXPECT_EQ(two.slices.at("asked_of"), "audio");
  EXPECT_FALSE(choice.slices.contains("asked_of"));
  EXPECT_THROW(open("t.csv", "audio,ask\na,b\n", {{"question", std::string("ask")}}),
               earshot::ConfigError);
}

TEST_F(Table, survives_any_cut_of_a_valid_table) {
  const std::string csv = "audio,x\n\"a\"\"b\",\"1\n2\"\nc,3\n";
  const std::string json = R"([{"audio": "a\u00e9", "x": [1, "y"]}, {"audio": "b", "x": true}])";
  for (const auto& [name, text] : {std::pair{"t.csv", csv}, std::pair{"t.json", json}})
    for (std::size_t size = 0; size < text.size(); ++size) {
      try {
        open(name, text.substr(0, size), {{"sets", Texts{"x"}}});
      } catch (const earshot::Error&) {
      }
    }
  EXPECT_EQ(open("t.json", json, {{"sets", Texts{"x"}}}).labels().front().classes,
            (Texts{"1", "true", "y"}));
}

TEST_F(Table, poses_the_questions_of_one_json_file_without_other_options) {
  std::ofstream(root_ / "question.json") << R"([
    {"id": "one", "clip": "/a.wav", "second_clip": null, "question": "What is heard?",
     "choices": [], "answer": "rain", "split": "test"},
    {"id": "two", "clip": "/a.wav", "second_clip": "b.wav", "question": "Which is farther?",
     "choices": ["first", "second"], "answer": "first", "split": "test"}])";
  const table::Questions dataset(
      Options(table::Questions::options(), {{"file", Path{root_ / "question.json"}}}),
      {.device = at::kCPU});
  ASSERT_EQ(dataset.size(), 2);
  const auto one = dataset.item(0), two = dataset.item(1);
  EXPECT_EQ(one.id, "one");
  EXPECT_EQ(one.split, Split::test);
  EXPECT_EQ(one.clips.size(), 1U);
  EXPECT_EQ(one.question->text, "What is heard?");
  EXPECT_TRUE(one.question->choices.empty());
  ASSERT_EQ(two.clips.size(), 2U);
  EXPECT_EQ(two.clips[1].file, root_ / "b.wav");
  EXPECT_THAT(two.question->choices, ElementsAre("first", "second"));
  EXPECT_EQ(table::Questions::options().front().role, earshot::Role::questions);
}

}  // namespace
