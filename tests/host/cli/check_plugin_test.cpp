#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Ended check_plugin(const Sandbox& sandbox, const char* plugin, const char* option) {
  const auto file = std::string(EARSHOT_BUILD_DIR "/lib/earshot/plugins/") + plugin;
  return sandbox.command({"check-plugin", file, "--only", "schema", "--option", option});
}

TEST(CheckPlugin, refuses_an_option_that_no_component_has_with_the_nearest) {
  const Sandbox sandbox;
  const auto ended = check_plugin(sandbox, "probes.so", "targt=class");
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("no component has an option 'targt'; known: "),
                               HasSubstr("did you mean 'target'?")));
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(check_plugin(sandbox, "probes.so", "target=class").code, 0);
}

TEST(CheckPlugin, fails_what_cannot_be_loaded_whatever_the_options) {
  const Sandbox sandbox;
  write(sandbox / "text.so", "no plugin");
  const auto ended = sandbox.command({"check-plugin", "text.so", "--option", "target=class"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.out, HasSubstr("FAIL     handshake"));
}

}  // namespace
}  // namespace earshot::testing
