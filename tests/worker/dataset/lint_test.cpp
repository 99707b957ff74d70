#include "worker/dataset/lint.hpp"

#include <gmock/gmock.h>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace earshot::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

/// Questions as a test writes them.
class Asked : public Dataset {
 public:
  std::int64_t size() const override { return static_cast<std::int64_t>(items.size()); }
  std::vector<LabelSpec> labels() const override {
    return {{.name = "kind", .type = std::string(), .classes = {"x", "y"}}};
  }
  Item item(std::int64_t index) const override { return items[static_cast<std::size_t>(index)]; }

  Item& add(const std::string& clip, Split split = Split::test) {
    const auto number = std::to_string(items.size());
    items.push_back({.id = "i" + number, .split = split, .clips = {{.file = folder / clip}}});
    earshot::testing::write(folder / clip, "");
    return items.back();
  }
  Item& ask(const std::string& clip, const Question& question, Split split = Split::test) {
    auto& item = add(clip, split);
    item.question = question;
    return item;
  }

  std::vector<Item> items{};
  earshot::testing::TemporaryFolder folder{};
};

/// What was found, by check, and the checks' first examples.
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
  data.ask("a", {"what?", {"v", "w"}, {"w"}});  // other choices: another question
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

}  // namespace
}  // namespace earshot::worker
