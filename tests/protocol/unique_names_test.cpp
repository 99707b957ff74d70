#include "protocol/unique_names.hpp"

#include <gtest/gtest.h>

namespace earshot::protocol {
namespace {

TEST(UniqueNames, numbers_a_name_that_was_given_before) {
  UniqueNames names;
  EXPECT_EQ(names.take("a_b"), "a_b");
  EXPECT_EQ(names.take("a_b"), "a_b-2");
  EXPECT_EQ(names.take("a_b-3"), "a_b-3");
  EXPECT_EQ(names.take("a_b"), "a_b-4");
}

TEST(UniqueNames, are_others_on_a_disk_that_knows_no_upper_case) {
  UniqueNames names;
  EXPECT_EQ(names.take("Dog"), "Dog");
  EXPECT_EQ(names.take("dog"), "dog-2");
}

TEST(UniqueNames, keep_free_what_goes_on_behind_one) {
  UniqueNames names;
  EXPECT_EQ(names.take("x", ".side"), "x");
  EXPECT_EQ(names.take("x.side", ".side"), "x.side-2");
  EXPECT_EQ(names.take("y.side", ".side"), "y.side");
  EXPECT_EQ(names.take("y", ".side"), "y-2");
}

}  // namespace
}  // namespace earshot::protocol
