#include "host/experiment/claims.hpp"

#include <gmock/gmock.h>

#include "support.hpp"

namespace earshot::host {
namespace {

// What follows begins in line 20.
std::string with_claim(const std::string& section) {
  return small("encoder = ['mel', 'level']\ntask = ['room', 'event']\n'task.c' = [0.1, 1]\n") +
         section;
}

Hypothesis claim(const std::string& text) {
  return parse(with_claim("[[hypothesis]]\nname = 'h'\n" + text)).hypotheses.at(0);
}

std::string refused_claim(const std::string& section) {
  return refusal([&] { parse(with_claim(section)); });
}

TEST(Hypothesis, is_about_the_axis_of_both_its_values) {
  const auto encoders = claim("claim = 'mel > level'\n");
  EXPECT_EQ(encoders.axis, "encoder");
  EXPECT_EQ(encoders.candidate, "mel");
  EXPECT_EQ(encoders.relation, Relation::better);
  EXPECT_EQ(encoders.base, "level");
  const auto tasks = claim("claim = 'room<event'\n");
  EXPECT_EQ(tasks.axis, "task");
  EXPECT_EQ(tasks.relation, Relation::worse);
  EXPECT_EQ(claim("claim = '0.1 = 1'\nmargin = 0.5\n").axis, "task.c");
}

TEST(Hypothesis, refuses_a_claim_that_it_cannot_read) {
  for (const auto* text : {"mel", "mel >", "mel >= level", "> level", "mel > level > mel"})
    EXPECT_EQ(refused_claim(std::string("[[hypothesis]]\nname = 'h'\nclaim = '") + text + "'\n"),
              std::string("x.toml:22:9: the claim '") + text +
                  "' cannot be read; allowed: 'a > b', 'a < b', 'a = b' with two values of one "
                  "axis");
  EXPECT_EQ(refused_claim("[[hypothesis]]\nname = 'h'\nclaim = 'mel > mel'\n"),
            "x.toml:22:9: the claim 'mel > mel' compares 'mel' with itself");
}

TEST(Hypothesis, refuses_labels_that_are_not_in_the_matrix) {
  EXPECT_EQ(refused_claim("[[hypothesis]]\nname = 'h'\nclaim = 'mel > levle'\n"),
            "x.toml:22:9: unknown value of axis 'encoder': 'levle'; known: mel, level; did you "
            "mean 'level'?");
  EXPECT_EQ(refused_claim("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\ntasks = ['rom']\n"),
            "x.toml:23:9: unknown value of axis 'task': 'rom'; known: room, event; did you mean "
            "'room'?");
  EXPECT_EQ(
      refused_claim(
          "[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\nblind_control = 'levels'\n"),
      "x.toml:23:17: unknown value of axis 'encoder': 'levels'; known: mel, level; did you mean "
      "'level'?");
}

TEST(Hypothesis, of_equivalence_needs_a_margin) {
  EXPECT_EQ(refused_claim("[[hypothesis]]\nname = 'h'\nclaim = 'mel = level'\n"),
            "x.toml:22:9: the claim 'mel = level' is an equivalence without a margin; add "
            "'margin', the largest difference that counts as none");
}

TEST(Hypothesis, has_a_name_of_its_own) {
  const std::string one = "[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\n";
  EXPECT_EQ(refused_claim(one + one),
            "x.toml:23:1: a second hypothesis 'h'; each needs a unique name");
}

TEST(Hypothesis, says_what_it_is_a_mean_over) {
  EXPECT_FALSE(claim("claim = 'mel > level'\n").mean);
  EXPECT_TRUE(claim("claim = 'mel > level'\nover = 'mean'\n").mean);
  EXPECT_EQ(refused_claim("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\nover = 'all'\n"),
            "x.toml:23:8: over is 'all'; allowed: 'each', 'mean'");
  EXPECT_EQ(claim("claim = 'room > event'\naverage = 'encoder'\n").average,
            std::vector<std::string>{"encoder"});
  EXPECT_EQ(
      refused_claim("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\naverage = 'encoder'\n"),
      "x.toml:23:11: the claim compares values of the axis 'encoder'; average lists the "
      "other axes, over which the mean is taken");
  EXPECT_EQ(
      refused_claim("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\naverage = ['seeds']\n"),
      "x.toml:23:11: unknown axis 'seeds'; known: encoder, task, dataset, task.c");
}

TEST(Hypothesis, takes_one_slice_or_several_of_a_dimension) {
  using Names = std::vector<std::string>;
  const auto slices = claim("claim = 'mel > level'\nslices = { a = 'x', b = ['y', 'z'] }\n").slices;
  EXPECT_EQ(slices.at("a"), Names{"x"});
  EXPECT_EQ(slices.at("b"), (Names{"y", "z"}));
  EXPECT_EQ(
      refused_claim("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\nslices = { a = [] }\n"),
      "x.toml:23:16: the dimension 'a' has no slices");
}

TEST(Claims, are_the_same_after_they_were_in_a_results_file) {
  const auto text = with_claim(
      "zip = [['encoder', 'task']]\n"
      "[select]\nover = 'task.c'\nby = 'validation.accuracy'\n"
      "[compare]\naxis = 'task.c'\nbase = 0.1\n"
      "[[hypothesis]]\nname = 'h'\nclaim = ' mel<level'\ntasks = 'room'\nslices = { k = 'v' }\n"
      "margin = 0.25\nover = 'mean'\npositive_control = 'mel'\nmetric = 'f1'\n"
      "average = 'task.c'\nallow_different_scoring = true\nblind_control = 'level'\n");
  const auto claims = claims_of(parse(text));
  EXPECT_EQ(claims.select.by, "accuracy");
  EXPECT_EQ(claims.compare_base, "0.1");
  EXPECT_EQ(claims.tasks_with_dataset, (std::set<std::string>{"event", "room"}));
  EXPECT_EQ(claims.zips.size(), 1u);
  ASSERT_EQ(claims.hypotheses.size(), 1u);
  EXPECT_EQ(claims.hypotheses[0].axis, "encoder");
  const auto again = claims_in(to_record(claims), "here");
  EXPECT_EQ(Json(again), Json(claims));
  EXPECT_EQ(again.hypotheses[0].relation, Relation::worse);
  EXPECT_EQ(again.hypotheses[0].slices, claims.hypotheses[0].slices);
}

TEST(Claims, of_another_version_or_damaged_are_refused_by_name) {
  const auto refused_record = [](const Json& record) {
    return refusal([&] { claims_in(record, "experiment 'x' in y.db"); });
  };
  const std::string other =
      "experiment 'x' in y.db: its claims were recorded by another version of this program; "
      "expected version 1. Run the experiment again, which computes nothing twice";
  EXPECT_EQ(refused_record(nullptr), other);
  auto record = to_record({});
  record["version"] = 2;
  EXPECT_EQ(refused_record(record), other);
  record = to_record({.hypotheses = {{.name = "h"}}});
  record["hypotheses"][0]["relation"] = "!";
  EXPECT_THROW(claims_in(record, "here"), Failure);
  record["hypotheses"][0].erase("relation");
  EXPECT_THROW(claims_in(record, "here"), Failure);
}

TEST(Select, chooses_among_option_axes_on_validation_only) {
  EXPECT_EQ(refused_claim("[select]\nover = ['task.d']\nby = 'validation.accuracy'\n"),
            "x.toml:21:8: unknown option axis 'task.d'; known: task.c; did you mean 'task.c'?");
  EXPECT_EQ(refused_claim("[select]\nover = ['task.c']\nby = 'test.accuracy'\n"),
            "x.toml:22:6: by is 'test.accuracy'; expected 'validation.' and a metric, because "
            "options must not be chosen on the test split");
}

TEST(Compare, needs_an_axis_and_a_value_of_it) {
  EXPECT_EQ(refused_claim("[compare]\naxis = 'encoders'\n"),
            "x.toml:21:8: unknown axis 'encoders'; known: encoder, task, dataset, task.c; "
            "did you mean 'encoder'?");
  EXPECT_EQ(refused_claim("[compare]\naxis = 'seed'\n"),
            "x.toml:21:8: unknown axis 'seed'; known: encoder, task, dataset, task.c");
  EXPECT_EQ(refused_claim("[compare]\naxis = 'encoder'\nbase = 'room'\n"),
            "x.toml:22:8: unknown value of axis 'encoder': 'room'; known: mel, level");
  EXPECT_EQ(parse(with_claim("[compare]\naxis = 'dataset'\nbase = 'rooms'\n")).compare_base,
            "rooms");
}

}  // namespace
}  // namespace earshot::host
