#include <array>
#include <chrono>
#include <cstdio>
#include <set>

#include <gmock/gmock.h>
#include <sys/wait.h>

#include "../plugin/fixture_plugins.hpp"
#include "defect.hpp"
#include "protocol/json.hpp"

// Defects that end a process: `runner check-plugin` names the check, continues, and says why.

namespace earshot {
namespace {

using protocol::Json;
using testing::HasSubstr;

struct Run {
  int status = 0;
  std::string output{};
};

Run check_plugin(const std::string& arguments) {
  const auto command =
      std::string(EARSHOT_BUILD_DIR) + "/bin/runner check-plugin " + arguments + " 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  Run run;
  std::array<char, 4096> piece{};
  while (const auto bytes = std::fread(piece.data(), 1, piece.size(), pipe))
    run.output.append(piece.data(), bytes);
  const auto status = ::pclose(pipe);
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

class Deadly : public testing::TestWithParam<Defect> {};

TEST_P(Deadly, is_contained_and_named) {
  const auto& defect = GetParam();
  const auto run = check_plugin(fixture_plugin(defect.name).string() + " --json --only " +
                                defect.check + " " + defect.options);
  EXPECT_EQ(run.status, 3) << run.output;
  const auto results = Json::parse(run.output);
  ASSERT_EQ(results.size(), 1U) << run.output;
  EXPECT_EQ(results[0].at("check"), defect.check);
  EXPECT_EQ(results[0].at("outcome"), "fail");
  EXPECT_THAT(results[0].at("reason").get<std::string>(), HasSubstr(defect.reason));
}

INSTANTIATE_TEST_SUITE_P(
    CheckPlugin, Deadly,
    testing::Values(Defect{"crash_while_loading", "handshake", "signal 11"},
                    Defect{"exit_while_loading", "handshake", "ended with status 0"},
                    Defect{"hang_while_loading", "handshake", "no answer within", "--timeout 3"},
                    Defect{"throws_while_registering", "handshake", "no licence file"},
                    Defect{"no_symbol", "handshake", "exports no symbol"},
                    Defect{"foreign_torch", "handshake", "torch2.10.0"},
                    Defect{"crash_in_constructor", "construct", "signal 11"},
                    Defect{"crash_in_encode", "shape", "signal 11"},
                    Defect{"sleeps_in_encode", "shape", "no answer within", "--timeout 3"},
                    Defect{"memory_hog", "shape", "memory grew by more than 4 GiB"},
                    Defect{"throws_int", "shape", "an exception of type int"},
                    Defect{"own_exception", "shape", "Complaint"},
                    Defect{"minimum_crashes", "bounds", "constructing with mels = 1"},
                    Defect{"writes_to_features", "read_only", "signal 11"},
                    Defect{"prints", "silent", "encoding ..."}),
    defect_name);

#if defined(__x86_64__)
INSTANTIATE_TEST_SUITE_P(CheckPluginOnX86, Deadly,
                         testing::Values(Defect{"flushes_to_zero_at_load", "load",
                                                "flush of denormal numbers to zero"}),
                         defect_name);
#endif

TEST(CheckPlugin, passes_a_good_plugin_in_a_few_seconds) {
  const auto start = std::chrono::steady_clock::now();
  const auto run = check_plugin(fixture_plugin("good_codec").string());
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("0 failed, 0 warnings, 0 skipped"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(CheckPlugin, goes_on_after_a_crash) {
  const auto run = check_plugin(fixture_plugin("minimum_crashes").string() + " --json");
  std::set<std::string> failed, passed;
  for (const auto& result : Json::parse(run.output))
    (result.at("outcome") == "fail" ? failed : passed).insert(result.at("check"));
  EXPECT_EQ(failed, std::set<std::string>{"bounds"}) << run.output;
  EXPECT_TRUE(passed.contains("hard_inputs")) << run.output;
}

TEST(CheckPlugin, lists_its_checks_and_refuses_an_unknown_one) {
  EXPECT_THAT(check_plugin("--list").output, HasSubstr("padding_invariance"));
  const auto run = check_plugin(fixture_plugin("good").string() + " --only padding_invarance");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.output, HasSubstr("did you mean 'padding_invariance'?"));
}

}  // namespace
}  // namespace earshot
