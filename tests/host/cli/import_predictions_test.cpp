#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A sandbox whose experiment has run, with the correct answers in theirs.csv.
class Import : public ::testing::Test {
 protected:
  Import() {
    const auto ended = sandbox.run("r");
    if (ended.code != 0) throw std::runtime_error(ended.err);
    write(sandbox / "theirs.csv", right_answers());
  }

  std::string right_answers() const {
    return sandbox
        .command({"query",
                  "SELECT i.id, json_extract(i.labels, '$.class') AS prediction FROM prediction p "
                  "JOIN run r ON r.run_id = p.run_id AND r.run_id = 1 "
                  "JOIN cell c ON c.cell_id = r.cell_id "
                  "JOIN item i ON i.dataset_id = c.dataset_id AND i.position = p.item",
                  "--format", "csv", "--results", "r/results.db"})
        .out;
  }
  Ended import(const std::string& file, std::vector<std::string> more = {},
               const std::string& task = "near") const {
    std::vector<std::string> words{"import-predictions", file,          "--experiment",
                                   "tones.toml",         "--task",      task,
                                   "--results",          "r/results.db"};
    words.insert(words.end(), more.begin(), more.end());
    return sandbox.command(words);
  }
  std::string number(const std::string& column, const std::string& encoder,
                     const std::string& more = "") const {
    return sandbox.query("r", "SELECT " + column + " FROM result WHERE encoder = '" + encoder +
                                  "' AND slice = 'all' " + more);
  }
  /// The answers with one line changed; lines count from 1, the header.
  std::string with_line(int line, const std::string& text) const {
    std::istringstream lines(text_of(sandbox / "theirs.csv"));
    std::string all;
    int count = 0;
    for (std::string each; std::getline(lines, each);)
      if (++count != line || !text.empty()) all += (count == line ? text : each) + "\n";
    return all;
  }
  std::string complaint_of(const std::string& text) const {
    write(sandbox / "bad.csv", text);
    const auto ended = import("bad.csv");
    EXPECT_EQ(ended.code, 2) << ended.out;
    return ended.err;
  }

  Sandbox sandbox;
};

TEST_F(Import, adds_answers_as_another_encoder_that_is_scored_like_any_other) {
  const auto ended = import("theirs.csv");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("imported 'theirs' into tones, task near"), HasSubstr("theirs")));
  EXPECT_EQ(std::stod(number("value", "theirs", "AND metric = 'accuracy'")), 1);
  EXPECT_EQ(std::stod(number("value", "theirs", "AND metric = 'macro_f1'")), 1);
  EXPECT_EQ(number("weights", "theirs"), "imported");
  EXPECT_EQ(number("value", "theirs", "AND metric = 'majority'"),
            number("value", "log_mel", "AND metric = 'majority' AND task = 'near'"))
      << "what a constant answer scores is the same for all";
  EXPECT_THAT(sandbox.command({"repro", "9", "--results", "r/results.db"}).out,
              HasSubstr("runner import-predictions theirs.csv --experiment tones.toml"));
  const auto compared =
      sandbox.command({"compare", "tones", "--base", "level_only", "--results", "r/results.db"});
  EXPECT_THAT(compared.out, HasSubstr("theirs")) << compared.err;
}

TEST_F(Import, accepts_scores_so_that_ranking_metrics_are_computed) {
  ASSERT_EQ(import("theirs.csv").code, 0);
  EXPECT_EQ(number("count(value)", "theirs", "AND metric = 'auc'"), "0") << "there are no scores";
  std::istringstream lines(right_answers());
  std::string line, columns = "id,prediction,kind0,score:kind1,kind2\n", objects, lists;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    while (!line.empty() && line.back() == '\r')
      line.pop_back();
    const auto comma = line.rfind(',');
    const auto id = line.substr(0, comma), kind = line.substr(comma + 1);
    const auto score = [&](const char* name) { return kind == name ? "0.5" : "0.25"; };
    const auto numbers = [&](const std::string& before, const std::string& between) {
      return before + score("kind0") + between + score("kind1");
    };
    columns += line + numbers(",", ",") + "," + score("kind2") + "\n";
    const auto begin = R"({"id": ")" + id + R"(", "prediction": ")" + kind + R"(", "scores": )";
    objects += begin + R"({"kind2": )" + score("kind2") +
               numbers(R"(, "kind0": )", R"(, "kind1": )") + "}}\n";
    lists += begin + numbers("[", ", ") + ", " + score("kind2") + "]}\n";
  }
  for (const auto& [file, text] : {std::pair{std::string("columns.csv"), columns},
                                   {std::string("objects.jsonl"), objects},
                                   {std::string("lists.jsonl"), lists}}) {
    write(sandbox / file, text);
    const auto ended = import(file);
    EXPECT_EQ(ended.code, 0) << ended.err;
    const auto name = file.substr(0, file.find('.'));
    EXPECT_EQ(std::stod(number("value", name, "AND metric = 'auc'")), 1) << file;
    const auto exported = sandbox.command(
        {"export", "tones", "--predictions", "--format", "jsonl", "--results", "r/results.db"});
    EXPECT_THAT(exported.out, HasSubstr(R"("scores": {"kind0":0.25,"kind1":0.25,"kind2":0.5})"));
  }
  const auto broken = [&](std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    write(sandbox / "bad.jsonl", text);
    return import("bad.jsonl").err;
  };
  EXPECT_THAT(broken(lists, "0.25", "1e999"), HasSubstr("bad.jsonl:1"));
  EXPECT_THAT(broken(objects, "kind1\": ", "kind9\": "), HasSubstr("'scores' lacks 'kind1'"));
  EXPECT_THAT(broken(lists, "[", "[0.5, "),
              HasSubstr("'scores' has 4 numbers, but there are 3 classes"));
  const auto id = objects.substr(8, objects.find('"', 8) - 8);  // after {"id": "
  EXPECT_THAT(complaint_of("id,prediction,kind0\n" + id + ",kind1,0.5\n"),
              HasSubstr("there is no score for class 'kind1'"));
}

TEST_F(Import, stays_when_the_experiment_runs_again) {
  ASSERT_EQ(import("theirs.csv").code, 0);
  const auto again = sandbox.run("r");
  EXPECT_THAT(again.out, HasSubstr(" 0 run, 8 cached")) << again.err;
  EXPECT_EQ(number("count(*)", "theirs", "AND metric = 'accuracy'"), "1");
  // With another seed of the probe, the experiment has a new revision.
  ASSERT_EQ(sandbox.run("r", {"--set", "task.probe.options.c=2.0"}).code, 0);
  EXPECT_EQ(number("count(*)", "theirs", "AND metric = 'accuracy'"), "1");
  // Another evaluator would give different numbers.
  ASSERT_EQ(sandbox.run("r", {"--set", "task.near.options.k=3"}).code, 0);
  EXPECT_EQ(number("count(*)", "theirs"), "0");
}

TEST_F(Import, of_the_same_file_does_nothing_and_of_another_takes_its_place) {
  ASSERT_EQ(import("theirs.csv").code, 0);
  EXPECT_THAT(import("theirs.csv").out, HasSubstr("nothing to do"));
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run"), "9");
  auto wrong = right_answers();
  for (auto place = wrong.find(",kind0"); place != std::string::npos; place = wrong.find(",kind0"))
    wrong.replace(place, 6, ",kind1");
  write(sandbox / "theirs.csv", wrong);
  ASSERT_EQ(import("theirs.csv").code, 0);
  EXPECT_EQ(number("count(*)", "theirs", "AND metric = 'accuracy'"), "1");
  EXPECT_LT(std::stod(number("value", "theirs", "AND metric = 'accuracy'")), 0.8);
}

TEST_F(Import, makes_a_run_of_each_seed_of_json_lines) {
  std::istringstream lines(right_answers());
  std::string line, text;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const auto comma = line.rfind(',');
    while (!line.empty() && line.back() == '\r')
      line.pop_back();
    for (int seed = 0; seed < 2; ++seed)
      text += R"({"id": ")" + line.substr(0, comma) + R"(", "prediction": ")" +
              line.substr(comma + 1) + R"(", "output": "it is", "seed": )" + std::to_string(seed) +
              "}\n";
  }
  write(sandbox / "out.jsonl", text);
  const auto ended = import("out.jsonl", {"--name", "Their model"}, "probe");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(number("count(*)", "Their model", "AND metric = 'accuracy'"), "2");
  EXPECT_EQ(sandbox.query("r", "SELECT output FROM prediction ORDER BY run_id DESC LIMIT 1"),
            "it is");
}

TEST_F(Import, counts_items_without_a_prediction_that_are_allowed) {
  write(sandbox / "most.csv", with_line(2, ""));
  const auto refused = import("most.csv");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("1 of "), HasSubstr("the first is"), HasSubstr("--allow-missing 1")));
  EXPECT_EQ(import("most.csv", {"--allow-missing", "1"}).code, 0);
  EXPECT_EQ(sandbox.query("r", "SELECT declared - used FROM run ORDER BY run_id DESC LIMIT 1"),
            "1");
}

TEST_F(Import, refuses_answers_that_fit_nothing_with_their_line) {
  std::istringstream lines(right_answers());
  std::string first;
  std::getline(lines, first);
  std::getline(lines, first);
  const auto id = first.substr(0, first.rfind(','));
  EXPECT_THAT(complaint_of(with_line(3, "nobody,kind1")),
              HasSubstr("bad.csv:3: the dataset has no item 'nobody'"));
  EXPECT_THAT(complaint_of(with_line(3, id + ",kind1")),
              HasSubstr("bad.csv:3: a second prediction for item '" + id + "'"));
  EXPECT_THAT(complaint_of(with_line(2, id + ",kind7")),
              AllOf(HasSubstr("bad.csv:2: prediction 'kind7'"), HasSubstr("did you mean 'kind")));
  EXPECT_THAT(complaint_of("id,answer\n1,2\n"), HasSubstr("prediction"));
  EXPECT_THAT(complaint_of("id,prediction\n"), HasSubstr("no predictions"));
}

// Regression: a name that is not UTF-8 ended with "[json.exception.type_error.316]".
TEST_F(Import, refuses_meaningless_requests) {
  EXPECT_THAT(import("theirs.csv", {}, "naer").err, HasSubstr("did you mean 'near'?"));
  EXPECT_THAT(import("theirs.csv", {"--name", "log_mel"}).err,
              HasSubstr("is an encoder of the experiment"));
  EXPECT_THAT(import("none.csv").err, HasSubstr("there is no file"));
  EXPECT_EQ(import("theirs.csv", {"--allow-missing", "-1"}).code, 2);
  EXPECT_THAT(import("theirs.csv", {"--name", "caf\xE9"}).err,
              HasSubstr("bytes that are not UTF-8; give --name NAME"));
}

}  // namespace
}  // namespace earshot::testing
