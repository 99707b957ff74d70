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
            "x.toml:22:9: unknown value of the axis 'encoder' 'levle'; known: mel, level; did you "
            "mean 'level'?");
  EXPECT_EQ(refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\ntasks = ['rom']\n"),
            "x.toml:23:9: unknown value of the axis 'task' 'rom'; known: room, event; did you mean "
            "'room'?");
  EXPECT_EQ(
      refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\nblind_control = 'levels'\n"),
      "x.toml:23:17: unknown value of the axis 'encoder' 'levels'; known: mel, level; did you mean "
      "'level'?");
}

TEST(Hypothesis, of_equivalence_needs_a_margin) {
  EXPECT_EQ(refused("[[hypothesis]]\nname = 'h'\nclaim = 'mel = level'\n"),
            "x.toml:22:9: the claim 'mel = level' of equivalence has no margin; give it 'margin', "
            "the largest difference that counts as none");
}

TEST(Hypothesis, has_a_name_of_its_own) {
  const std::string one = "[[hypothesis]]\nname = 'h'\nclaim = 'mel > level'\n";
  EXPECT_EQ(refused(one + one),
            "x.toml:23:1: a second hypothesis 'h'; each needs a name of its own");
}

TEST(Select, chooses_among_option_axes_on_validation_only) {
  EXPECT_EQ(refused("[select]\nover = ['task.d']\nby = 'validation.accuracy'\n"),
            "x.toml:21:8: unknown option axis 'task.d'; known: task.c; did you mean 'task.c'?");
  EXPECT_EQ(refused("[select]\nover = ['task.c']\nby = 'test.accuracy'\n"),
            "x.toml:22:6: by is 'test.accuracy'; expected 'validation.' and a metric: the test "
            "split chooses nothing");
}

TEST(Compare, needs_an_axis_and_a_value_of_it) {
  EXPECT_EQ(refused("[compare]\naxis = 'encoders'\n"),
            "x.toml:21:8: unknown axis 'encoders'; known: encoder, task, dataset, seed, task.c; "
            "did you mean 'encoder'?");
  EXPECT_EQ(refused("[compare]\naxis = 'encoder'\nbase = 'room'\n"),
            "x.toml:22:8: unknown value of the axis 'encoder' 'room'; known: mel, level");
  EXPECT_EQ(parse(with("[compare]\naxis = 'dataset'\nbase = 'rooms'\n")).compare_base, "rooms");
}

}  // namespace
}  // namespace earshot::host
