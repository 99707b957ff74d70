#include "worker/dataset/lint.hpp"

#include <gmock/gmock.h>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace earshot::worker {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

/// Questions given by a test.
class Asked : public Dataset {
 public:
  std::int64_t size() const override { return static_cast<std::int64_t>(items.size()); }
  std::vector<LabelSpec> labels() const override {
    return {{.name = "kind", .type = std::string(), .classes = classes}};
  }
  std::vector<std::filesystem::path> sources() const override { return folders; }
  LeftOutRows left_out() const override { return dropped; }
  Item item(std::int64_t index) const override { return items[static_cast<std::size_t>(index)]; }

  Item& add(const std::string& clip, Split split = Split::test) {
    const auto number = std::to_string(items.size());
    items.push_back({.id = "i" + number, .split = split, .clips = {{.file = folder / clip}}});
    earshot::testing::write(folder / clip, "sound");
    return items.back();
  }
  Item& ask(const std::string& clip, const Question& question, Split split = Split::test) {
    auto& item = add(clip, split);
    item.question = question;
    return item;
  }

  std::vector<Item> items{};
  std::vector<std::string> classes{"x", "y"};
  std::vector<std::filesystem::path> folders{};
  LeftOutRows dropped{};
  earshot::testing::TemporaryFolder folder{};
};

/// The findings by check, and the checks' first examples.
struct Found {
  std::map<std::string, std::int64_t> counts{};
  std::map<std::string, std::string> examples{};
  std::size_t files = 0;
};

Found lint(const Asked& dataset) {
  Lint lint(dataset, 2);
  for (std::int64_t i = 0; i < dataset.size(); ++i)
    lint.add(dataset.item(i), i);
  Found found{.files = lint.files().size()};
  for (const auto& check : lint.checks()) {
    EXPECT_FALSE(check.meaning.empty());
    EXPECT_EQ(check.examples.size(), std::min<std::size_t>(check.found, 2));
    if (check.found == 0) continue;
    found.counts[check.check] = check.found;
    found.examples[check.check] = check.examples.front();
  }
  return found;
}

TEST(Lint, finds_nothing_where_nothing_is_wrong) {
  Asked data;
  data.ask("a", {"who?", {"x", "y"}, {"x"}}, Split::train).groups = {{"source", "1"}};
  data.ask("b", {"who?", {"x", "y"}, {"y"}}).groups = {{"source", "2"}};
  data.ask("b", {"what?", {}, {"rain"}});
  data.add("c").labels["kind"] = std::string("x");
  const auto found = lint(data);
  EXPECT_THAT(found.counts, IsEmpty());
  EXPECT_EQ(found.files, 3U);
}

TEST(Lint, finds_audio_that_is_not_there_once_a_file) {
  Asked data;
  data.add("here");
  for (int use = 0; use < 2; ++use)
    data.add("here").clips.front().file = data.folder / "gone/a";
  data.add("here").clips.clear();
  const auto found = lint(data);
  EXPECT_THAT(found.counts, ElementsAre(Pair("missing_audio", 1), Pair("no_audio", 1)));
  EXPECT_THAT(found.examples.at("missing_audio"), HasSubstr("gone/a"));
}

TEST(Lint, finds_questions_that_cannot_be_asked_or_answered) {
  Asked data;
  data.ask("a", {" ", {}, {"x"}});
  data.ask("b", {"q?", {}, {}});
  data.ask("c", {"q?", {}, {"x", " "}});
  data.ask("d", {"q?", {"x", "y", "X "}, {"z"}});
  data.ask("e", {"q?", {}, {"x"}}).slices["format"] = "compare";
  data.ask("f", {"q?", {"x"}, {"x"}}).slices["format"] = "multiple_choice";
  const auto found = lint(data);
  EXPECT_THAT(found.counts,
              ElementsAre(Pair("answer_not_among_choices", 1), Pair("duplicate_choices", 1),
                          Pair("empty_answer", 2), Pair("empty_question", 1),
                          Pair("missing_second_clip", 1), Pair("no_choices", 1)));
  EXPECT_EQ(found.examples.at("answer_not_among_choices"),
            "i3: 'q?', answer 'z', choices 'x', 'y', 'X '");
}

TEST(Lint, tells_duplicates_from_contradictions_and_from_several_captions) {
  Asked data;
  data.ask("a", {"Rain?", {}, {"yes"}});
  data.ask("a", {"rain? ", {}, {"Yes"}});
  data.ask("a", {"rain?", {}, {"no"}});
  data.ask("a", {"what?", {"u", "v"}, {"u"}});
  data.ask("a", {"what?", {"v", "u"}, {"v"}});
  data.ask("a", {"what?", {"v", "w"}, {"w"}});  // with other choices it is another question
  data.ask("b", {"caption", {}, {"a man speaks in a room"}});
  data.ask("b", {"caption", {}, {"somebody is talking to a dog"}});
  data.add("c").labels["kind"] = std::string("x");
  data.add("c").labels["kind"] = std::string("y");
  const auto found = lint(data);
  EXPECT_THAT(found.counts, ElementsAre(Pair("contradictions", 3), Pair("duplicates", 1)));
  EXPECT_EQ(found.examples.at("contradictions"), "i0 and i2: 'rain?': 'yes' and 'no'");
}

TEST(Lint, finds_clips_and_groups_that_splits_or_folds_share) {
  Asked data;
  data.add("a", Split::train).groups = {{"source", "1"}};
  data.add("a").labels["kind"] = std::string("x");
  data.add("b").groups = {{"source", "1"}};
  data.add("c").groups = {{"source", "1"}};
  data.add("d").fold = 1;
  data.add("d").fold = 2;
  const auto found = lint(data);
  EXPECT_THAT(found.counts, ElementsAre(Pair("shared_audio", 2), Pair("shared_source", 1)));
  EXPECT_EQ(found.examples.at("shared_source"), "1: i0 and i2");
}

TEST(Lint, finds_ids_twice_and_whatever_else_a_run_refuses) {
  Asked data;
  data.add("a").id = "same";
  data.add("b").id = "same";
  data.add("c").labels["kind"] = std::string("z");
  const auto found = lint(data);
  EXPECT_THAT(found.counts, ElementsAre(Pair("duplicate_ids", 1), Pair("refused", 1)));
  EXPECT_THAT(found.examples.at("refused"), HasSubstr("'z', which is not among its 2 classes"));
}

TEST(Lint, finds_audio_that_has_no_content) {
  Asked data;
  data.add("a");
  data.add("b");
  data.add("c");
  testing::write(data.folder / "a", "");
  testing::write(data.folder / "b", "version https://git-lfs.github.com/spec/v1\noid sha256:1\n");
  const auto found = lint(data);
  EXPECT_THAT(found.counts, ElementsAre(Pair("empty_audio", 2)));
}

TEST(Lint, finds_classes_groups_and_slices_that_look_alike) {
  const auto alike = [](const std::string& a, const std::string& b) {
    Asked data;
    data.classes = {a, b};
    data.add("a");
    return lint(data).counts;
  };
  const std::pair<const char*, const char*> pairs[] = {
      {"dog ", "dog"},      {"a\u00a0b", "a b"}, {"cafe\u0301", "caf\u00e9"},
      {"Dog", "dog"},       {"a  b", "a b"},     {"a\u200bb", "ab"},
      {"\ufeffdog", "dog"}, {"\uff21", "A"},     {"dog\n", "dog"},
  };
  for (const auto& [a, b] : pairs)
    EXPECT_THAT(alike(a, b), ElementsAre(Pair("look_alikes", 1))) << a << " and " << b;
  EXPECT_THAT(alike("01", "1"), IsEmpty());
  EXPECT_THAT(alike("None", "NA"), IsEmpty());
  Asked data;
  data.add("a").groups = {{"speaker", "S1"}};
  data.add("b").groups = {{"speaker", "S1 "}};
  data.add("c").slices = {{"room", "hall"}};
  data.add("d").slices = {{"room", "Hall"}};
  const auto found = lint(data);
  EXPECT_THAT(found.counts, ElementsAre(Pair("look_alikes", 2)));
  EXPECT_EQ(found.examples.at("look_alikes"), R"(group 'speaker': "S1" and "S1 ")");
}

TEST(Lint, shows_what_looks_alike_with_its_codes) {
  Asked data;
  data.classes = {"cafe\u0301", "caf\u00e9"};
  data.add("a");
  EXPECT_EQ(lint(data).examples.at("look_alikes"), R"(label 'kind': "cafe\u0301" and "caf\u00e9")");
}

TEST(Lint, finds_ids_that_are_paths_of_this_machine_and_lists_in_a_class) {
  Asked data;
  data.classes = {"['dog', 'loud']", "[unknown]"};
  data.add("a").id = "/data/a.wav";
  data.add("b").id = "C:\\data\\b.wav";
  data.add("c").id = "data/c.wav";
  EXPECT_THAT(lint(data).counts, ElementsAre(Pair("absolute_ids", 2), Pair("list_labels", 1)));
}

TEST(Lint, tells_what_lies_in_a_dataset_s_folders_and_is_in_no_item) {
  Asked data;
  data.add("set/a.wav");
  data.folders = {data.folder / "set"};
  for (const auto* name :
       {"b.m4a", "c.WMA", "d.wav", ".e.wav", "._f.wav", "notes.txt", ".DS_Store"})
    testing::write(data.folder / "set" / name, "x");
  std::filesystem::create_directories(data.folder / "other");
  std::filesystem::create_directory_symlink(data.folder / "other", data.folder / "set/link");
  std::filesystem::create_symlink("nowhere", data.folder / "set/g.flac");
  std::filesystem::create_symlink("nowhere", data.folder / "set/h");
  const auto found = lint(data);
  EXPECT_THAT(found.counts, ElementsAre(Pair("left_out", 6)));
  EXPECT_THAT(found.examples.at("left_out"), HasSubstr(".e.wav: a hidden file"));
}

TEST(Lint, counts_the_rows_that_a_dataset_leaves_out) {
  Asked data;
  data.add("a");
  for (const auto* place : {"q.csv:2", "q.csv:5", "q.csv:7"})
    data.dropped.add(place, "the question has no text");
  const auto found = lint(data);
  EXPECT_THAT(found.counts, ElementsAre(Pair("left_out_rows", 3)));
  EXPECT_EQ(found.examples.at("left_out_rows"), "q.csv:2: the question has no text");
}

TEST(Lint, does_not_count_a_followed_link_as_left_out) {
  Asked data;
  std::filesystem::create_directories(data.folder / "other");
  testing::write(data.folder / "other/x.wav", "x");
  std::filesystem::create_directories(data.folder / "set");
  std::filesystem::create_directory_symlink(data.folder / "other", data.folder / "set/link");
  data.add("a").clips.front().file = data.folder / "set/link/x.wav";
  data.folders = {data.folder / "set", data.folder / "set/link"};
  EXPECT_THAT(lint(data).counts, IsEmpty());
}

TEST(Lint, says_which_checks_the_dataset_gives_something_to) {
  const auto applying = [](const Asked& data) {
    Lint lint(data, 1);
    for (std::int64_t i = 0; i < data.size(); ++i)
      lint.add(data.item(i), i);
    lint.checks();
    return lint.applying();
  };
  Asked labelled, asked;
  labelled.add("a").labels["kind"] = std::string("x");
  asked.ask("a", {"who?", {"x", "y"}, {"x"}});
  EXPECT_THAT(applying(labelled), AllOf(Contains("missing_audio"), Contains("contradictions"),
                                        Not(Contains("empty_answer")), Not(Contains("no_choices")),
                                        Not(Contains("missing_second_clip"))));
  EXPECT_THAT(applying(asked), AllOf(Contains("empty_answer"), Contains("no_choices")));
}

}  // namespace
}  // namespace earshot::worker
