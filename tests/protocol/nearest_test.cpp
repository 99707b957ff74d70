#include "protocol/nearest.hpp"

#include <gtest/gtest.h>

namespace earshot::protocol {
namespace {

TEST(Nearest, finds_the_name_that_was_meant) {
  EXPECT_EQ(nearest("encodr", {"dataset", "encoder", "mapper"}), "encoder");
  EXPECT_EQ(nearest("rooom", {"room", "rt60"}), "room");
}

TEST(Nearest, finds_nothing_when_all_are_far) {
  EXPECT_EQ(nearest("xyz", {"dataset", "encoder"}), "");
  EXPECT_EQ(nearest("a", {}), "");
}

TEST(DidYouMean, is_empty_without_a_near_name) {
  EXPECT_EQ(did_you_mean("mel", {"mels", "hop"}), "; did you mean 'mels'?");
  EXPECT_EQ(did_you_mean("window", {"hop"}), "");
}

}  // namespace
}  // namespace earshot::protocol
