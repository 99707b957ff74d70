#include "base/sizes.hpp"

#include <gtest/gtest.h>

namespace earshot::base {
namespace {

TEST(SizeText, has_the_largest_unit_that_leaves_one) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1536), "1.5 KiB");
  EXPECT_EQ(size_text(384'650'000), "366.8 MiB");
  EXPECT_EQ(size_text(std::int64_t{3} << 40), "3.0 TiB");
  EXPECT_EQ(size_text(std::int64_t{3} << 50), "3072.0 TiB");
}

TEST(ParseQuantity, takes_a_number_with_or_without_a_unit) {
  EXPECT_EQ(parse_quantity("512", byte_units()), 512);
  EXPECT_EQ(parse_quantity("20GiB", byte_units()), 20 * 0x1p30);
  EXPECT_EQ(parse_quantity("1.5 TiB", byte_units()), 1.5 * 0x1p40);
  EXPECT_EQ(parse_quantity("10min", second_units()), 600);
}

TEST(ParseQuantity, refuses_everything_else) {
  for (const auto* text : {"", "GiB", "-1", "1GB", "1 GiB of it", "nan", "20gib", "1e", " 5"})
    EXPECT_EQ(parse_quantity(text, byte_units()), std::nullopt) << text;
}

}  // namespace
}  // namespace earshot::base
