#include "worker/plugin/abi_tag.hpp"

#include <gmock/gmock.h>

namespace earshot::worker {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::string host = "sdk1;torch2.11.0;gcc12;libstdc++cxx11=1;c++202002L";

TEST(AbiTag, accepts_the_host_s_own) {
  const auto verdict = compare_abi_tags(host, host);
  EXPECT_THAT(verdict.refusal, IsEmpty());
  EXPECT_THAT(verdict.warnings, IsEmpty());
}

TEST(AbiTag, refuses_another_libtorch_naming_both) {
  const auto verdict = compare_abi_tags("sdk1;torch2.10.0;gcc12;libstdc++cxx11=1;c++202002L", host);
  EXPECT_EQ(verdict.refusal, "LibTorch: built with torch2.10.0, this runner with torch2.11.0");
}

TEST(AbiTag, refuses_another_sdk_library_or_sanitizer) {
  EXPECT_THAT(compare_abi_tags("sdk2;torch2.11.0;gcc12;libstdc++cxx11=1;c++202002L", host).refusal,
              HasSubstr("sdk2"));
  EXPECT_THAT(compare_abi_tags("sdk1;torch2.11.0;clang14;libc++1;c++202002L", host).refusal,
              HasSubstr("libc++1"));
  EXPECT_THAT(compare_abi_tags("sdk1;torch2.11.0;gcc12;libstdc++debug=1;c++202002L", host).refusal,
              HasSubstr("libstdc++debug=1"));
  EXPECT_THAT(compare_abi_tags(host + ";sanitizer=address", host).refusal,
              HasSubstr("sanitizer=address"));
}

TEST(AbiTag, warns_of_another_compiler_and_language_standard) {
  const auto verdict =
      compare_abi_tags("sdk1;torch2.11.0;clang14;libstdc++cxx11=1;c++202302L", host);
  EXPECT_THAT(verdict.refusal, IsEmpty());
  EXPECT_THAT(verdict.warnings,
              UnorderedElementsAre(HasSubstr("c++202302L"), HasSubstr("clang14")));
}

TEST(AbiTag, refuses_an_empty_tag_and_one_with_an_unknown_field) {
  EXPECT_THAT(compare_abi_tags("", host).refusal, HasSubstr("LibTorch: built with none"));
  EXPECT_THAT(compare_abi_tags(host + ";asan", host).refusal, HasSubstr("asan"));
}

}  // namespace
}  // namespace earshot::worker
