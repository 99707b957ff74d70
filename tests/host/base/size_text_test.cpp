#include "host/base/size_text.hpp"

#include <gtest/gtest.h>

namespace earshot::host {
namespace {

TEST(SizeText, has_the_largest_unit_that_leaves_one) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1536), "1.5 KiB");
  EXPECT_EQ(size_text(384'650'000), "366.8 MiB");
  EXPECT_EQ(size_text(std::int64_t{3} << 40), "3072.0 GiB");
}

}  // namespace
}  // namespace earshot::host
