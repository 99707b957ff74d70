#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Regression: the template asked for an older major of the SDK than the one that builds it.
TEST(NewPlugin, writes_a_plugin_under_its_own_name) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.command({"new-plugin", "encoder", "my_enc"}).code, 0);
  EXPECT_THAT(text_of(sandbox / "my_enc/plugin.cpp"),
              AllOf(HasSubstr("class MyEnc"), Not(HasSubstr("plugin_name"))));
  EXPECT_THAT(text_of(sandbox / "my_enc/CMakeLists.txt"),
              AllOf(HasSubstr("find_package(Earshot 3 REQUIRED)"), Not(HasSubstr("sdk_major"))));
  EXPECT_EQ(sandbox.command({"new-plugin", "encoder", "my_enc"}).code, 2);
  EXPECT_EQ(sandbox.command({"new-plugin", "encodr", "other"}).code, 2);
  EXPECT_EQ(sandbox.command({"new-plugin", "encoder", "Not-A-Name"}).code, 2);
}

}  // namespace
}  // namespace earshot::testing
