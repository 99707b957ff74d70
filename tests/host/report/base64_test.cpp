#include "host/report/base64.hpp"

#include <gtest/gtest.h>

namespace earshot::host {
namespace {

TEST(Base64, is_that_of_the_standard) {
  // RFC 4648, section 10.
  for (const auto& [bytes, text] : {std::pair{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"}})
    EXPECT_EQ(base64(bytes), text);
  EXPECT_EQ(base64(std::string("\xff\0\xfb", 3)), "/wD7");
}

}  // namespace
}  // namespace earshot::host
