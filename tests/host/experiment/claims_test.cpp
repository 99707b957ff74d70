#include "host/experiment/claims.hpp"

#include <gmock/gmock.h>

#include "support.hpp"

namespace earshot::host {
namespace {

// What follows begins in line 20.
std::string with(const std::string& section) {
  return small("encoder = ['mel', 'level']\ntask = ['room', 'event']\n'task.c' = [0.1, 1]\n") +
         section;
}

Hypothesis claim(const std::string& text) {
  return parse(with("[[hypothesis]]\nname = 'h'\n" + text)).hypotheses.at(0);
}

std::string refused(const std::string& section) {
  return refusal([&] { parse(with(section)); });
}

TEST(Hypothesis, is_about_the_axis_of_both_its_values) {
  const auto encoders = claim("claim = 'mel > level'\n");
  EXPECT_EQ(encoders.axis, "encoder");
  EXPECT_EQ(encoders.candidate, "mel");
  EXPECT_EQ(encoders.relation, ">");
  EXPECT_EQ(encoders.base, "level");
  const auto tasks = claim("claim = 'room<event'\n");
  EXPECT_EQ(tasks.axis, "task");
  EXPECT_EQ(tasks.relation, "<");
  EXPECT_EQ(claim("claim = '0.1 = 1'\nmargin = 0.5\n").axis, "task.c");
}

TEST(Hypothesis, refuses_a_claim_that_it_cannot_read) {
  for (const auto* text : {"mel", "mel >", "mel >= level", "> level", "mel > level > mel"})
    EXPECT_EQ(refused(std::string("[[hypothesis]]\nname = 'h'\nclaim = '") + text + "'\n"),
              std::string("x.toml:22:9: the claim '") + text +
                  "' cannot be read; allowed: 'a > b', 'a < b', 'a = b' with two values of one "
                  "axis");
  EXPECT_EQ(refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel > mel'\n"),
            "x.toml:22:9: the claim 'mel > mel' compares 'mel' with itself");
}

TEST(Hypothesis, refuses_labels_that_are_not_in_the_matrix) {
  EXPECT_EQ(refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel > levle'\n"),
            "x.toml:22:9: unknown value of axis 'encoder': 'levle'; known: mel, level; did you "
            "mean 'level'?");
  EXPECT_EQ(refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\ntasks = ['rom']\n"),
            "x.toml:23:9: unknown value of axis 'task': 'rom'; known: room, event; did you mean "
            "'room'?");
  EXPECT_EQ(
      refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\nblind_control = 'levels'\n"),
      "x.toml:23:17: unknown value of axis 'encoder': 'levels'; known: mel, level; did you mean "
      "'level'?");
}

TEST(Hypothesis, of_equivalence_needs_a_margin) {
  EXPECT_EQ(refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel = level'\n"),
            "x.toml:22:9: the claim 'mel = level' is an equivalence without a margin; add "
            "'margin', the largest difference that counts as none");
}

TEST(Hypothesis, has_a_name_of_its_own) {
  const std::string one = "[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\n";
  EXPECT_EQ(refused(one + one), "x.toml:23:1: a second hypothesis 'h'; each needs a unique name");
}

TEST(Hypothesis, says_what_it_is_a_mean_over) {
  EXPECT_FALSE(claim("claim = 'mel > level'\n").mean);
  EXPECT_TRUE(claim("claim = 'mel > level'\nover = 'mean'\n").mean);
  EXPECT_EQ(refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\nover = 'all'\n"),
            "x.toml:23:8: over is 'all'; allowed: 'each', 'mean'");
  EXPECT_EQ(claim("claim = 'room > event'\naverage = 'encoder'\n").average,
            std::vector<std::string>{"encoder"});
  EXPECT_EQ(refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\naverage = 'encoder'\n"),
            "x.toml:23:11: the claim compares values of the axis 'encoder'; average lists the "
            "other axes, over which the mean is taken");
  EXPECT_EQ(refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\naverage = ['seeds']\n"),
            "x.toml:23:11: unknown axis 'seeds'; known: encoder, task, dataset, task.c");
}

TEST(Hypothesis, takes_one_slice_or_several_of_a_dimension) {
  using Names = std::vector<std::string>;
  const auto slices = claim("claim = 'mel > level'\nslices = { a = 'x', b = ['y', 'z'] }\n").slices;
  EXPECT_EQ(slices.at("a"), Names{"x"});
  EXPECT_EQ(slices.at("b"), (Names{"y", "z"}));
  EXPECT_EQ(refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\nslices = { a = [] }\n"),
            "x.toml:23:16: the dimension 'a' has no slices");
}

/// One name may stand for a list of one, in the file and in what the results file keeps of it.
TEST(RecordedClaims, are_read_by_the_rules_of_the_file) {
  const auto text = with(
      "[select]\nover = 'task.c'\nby = 'validation.accuracy'\n"
      "[compare]\naxis = 'task.c'\nbase = 0.1\n"
      "[[hypothesis]]\nname = 'h'\nclaim = ' mel>level'\ntasks = 'room'\nslices = { k = 'v' }\n"
      "margin = 0.25\nover = 'mean'\npositive_control = 'mel'\n");
  const auto experiment = parse(text);
  const auto recorded = recorded_claims(experiment.resolved, "here");
  EXPECT_EQ(recorded.select.over, experiment.select.over);
  EXPECT_EQ(recorded.select.by, experiment.select.by);
  EXPECT_EQ(recorded.compare_axis, "task.c");
  EXPECT_EQ(recorded.compare_base, "0.1");
  ASSERT_EQ(recorded.hypotheses.size(), 1U);
  const auto &from_file = experiment.hypotheses[0], &from_record = recorded.hypotheses[0];
  EXPECT_EQ(from_record.candidate, from_file.candidate);
  EXPECT_EQ(from_record.relation, from_file.relation);
  EXPECT_EQ(from_record.base, from_file.base);
  EXPECT_EQ(from_record.tasks, from_file.tasks);
  EXPECT_EQ(from_record.slices, from_file.slices);
  EXPECT_EQ(from_record.margin, from_file.margin);
  EXPECT_EQ(from_record.mean, from_file.mean);
  EXPECT_EQ(from_record.positive_control, from_file.positive_control);
  EXPECT_EQ(recorded.tasks_with_dataset.count("room"), 1U);
}

TEST(RecordedClaims, of_the_first_version_are_read_too) {
  const auto recorded =
      recorded_claims(Json::parse(R"({"hypothesis": [{"name": "h", "claim": "a > b", "tasks": ["t"],
                      "slices": {"k": "v"}, "margin": 0.0}],
                      "matrix": [{"encoder": ["a", "b"], "zip": [["encoder", "mapper"]]}]})"),
                      "here");
  EXPECT_EQ(recorded.hypotheses.at(0).tasks, std::vector<std::string>{"t"});
  EXPECT_EQ(recorded.zips.at(0), (std::vector<std::string>{"encoder", "mapper"}));
  EXPECT_EQ(refusal([] {
              recorded_claims(Json::parse(R"({"hypothesis": [{"name": "h", "claim": 3}]})"),
                              "experiment 'x' in y.db");
            }),
            "experiment 'x' in y.db: claim is 3 (an integer); expected a string");
}

TEST(Select, chooses_among_option_axes_on_validation_only) {
  EXPECT_EQ(refused("[select]\nover = ['task.d']\nby = 'validation.accuracy'\n"),
            "x.toml:21:8: unknown option axis 'task.d'; known: task.c; did you mean 'task.c'?");
  EXPECT_EQ(refused("[select]\nover = ['task.c']\nby = 'test.accuracy'\n"),
            "x.toml:22:6: by is 'test.accuracy'; expected 'validation.' and a metric, because "
            "options must not be chosen on the test split");
}

TEST(Compare, needs_an_axis_and_a_value_of_it) {
  EXPECT_EQ(refused("[compare]\naxis = 'encoders'\n"),
            "x.toml:21:8: unknown axis 'encoders'; known: encoder, task, dataset, task.c; "
            "did you mean 'encoder'?");
  EXPECT_EQ(refused("[compare]\naxis = 'seed'\n"),
            "x.toml:21:8: unknown axis 'seed'; known: encoder, task, dataset, task.c");
  EXPECT_EQ(refused("[compare]\naxis = 'encoder'\nbase = 'room'\n"),
            "x.toml:22:8: unknown value of axis 'encoder': 'room'; known: mel, level");
  EXPECT_EQ(parse(with("[compare]\naxis = 'dataset'\nbase = 'rooms'\n")).compare_base, "rooms");
}

}  // namespace
}  // namespace earshot::host
