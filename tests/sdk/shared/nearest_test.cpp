#include "shared/nearest.hpp"

#include <gtest/gtest.h>

namespace earshot::shared {
namespace {

TEST(Nearest, finds_the_name_that_was_meant) {
  EXPECT_EQ(nearest("encodr", {"dataset", "encoder", "mapper"}), "encoder");
  EXPECT_EQ(nearest("rooom", {"room", "rt60"}), "room");
}

TEST(Nearest, finds_nothing_when_all_are_far) {
  EXPECT_EQ(nearest("xyz", {"dataset", "encoder"}), "");
  EXPECT_EQ(nearest("a", {}), "");
}

TEST(Nearest, prefers_a_name_of_which_the_beginning_was_given) {
  EXPECT_EQ(nearest("acc", {"auc", "balanced_accuracy", "accuracy"}), "accuracy");
  EXPECT_EQ(nearest("conf", {"config", "confusion"}), "config");
}

TEST(Nearest, finds_nothing_when_half_of_the_letters_differ) {
  EXPECT_EQ(nearest("decoder", {"encodec", "mimi"}), "");
  EXPECT_EQ(nearest("my_enc", {"mimi", "mfcc", "encodec"}), "");
}

TEST(Nearest, takes_two_letters_that_were_swapped_for_one_mistake) {
  EXPECT_EQ(nearest("naer", {"near", "far"}), "near");
  EXPECT_EQ(nearest("htsta", {"mimi", "htsat"}), "htsat");
}

TEST(DidYouMean, is_empty_without_a_near_name) {
  EXPECT_EQ(did_you_mean("mel", {"mels", "hop"}), "; did you mean 'mels'?");
  EXPECT_EQ(did_you_mean("window", {"hop"}), "");
}

TEST(DidYouMean, escapes_quotes_and_control_characters_of_names) {
  EXPECT_EQ(did_you_mean("it'", {"it's\n"}), "; did you mean 'it\\'s\\n'?");
  EXPECT_EQ(join({"a'b", "\x1b"}, true), "'a\\'b', '\\u001b'");
}

TEST(Listed, names_ten_and_counts_the_rest) {
  EXPECT_EQ(listed({"a", "b"}), "'a', 'b'");
  const std::vector<std::string> twelve(12, "x");
  EXPECT_EQ(listed(twelve), "'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x' and 2 more");
}

}  // namespace
}  // namespace earshot::shared
