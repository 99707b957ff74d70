#include <gmock/gmock.h>

#include "sandbox.hpp"

// A bad plugin, bad data or a bad file may fail its own cells, but nothing else.

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A folder with some of the defective plugins of tests/fixtures.
std::string plugins(const Sandbox& sandbox, const std::vector<std::string>& names) {
  const auto folder = sandbox / "plugins";
  std::filesystem::create_directories(folder);
  for (const auto& name : names)
    std::filesystem::copy_file(EARSHOT_BUILD_DIR "/tests/fixtures/plugins/" + name + ".so",
                               folder / (name + ".so"));
  return folder.string();
}

/// The experiment with an additional encoder from a defective plugin.
std::string with_encoder(const std::string& plugin, const std::string& more = "") {
  auto text = Sandbox::experiment();
  for (auto at = text.find("\"level_only\"]"); at != std::string::npos;
       at = text.find("\"level_only\"]", at + 20))
    text.replace(at, 13, "\"level_only\", \"bad\"]");
  return text + "[encoder.bad]\nuse = \"" + plugin + "/it\"\n" + more;
}

TEST(BadPlugin, that_cannot_be_loaded_is_refused_by_name_and_the_others_work) {
  const Sandbox sandbox;
  const auto folder =
      plugins(sandbox, {"no_symbol", "crash_while_loading", "foreign_torch", "foreign_library",
                        "foreign_sdk", "short_header", "throws_while_registering"});
  const auto ended = sandbox.run("r", {"--plugin-path", folder});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  for (const char* name : {"no_symbol", "crash_while_loading", "foreign_torch", "foreign_library",
                           "foreign_sdk", "short_header", "throws_while_registering"})
    EXPECT_THAT(ended.err, HasSubstr(std::string(name) + ".so"));
}

TEST(BadPlugin, that_an_experiment_needs_ends_it_with_the_reason) {
  const Sandbox sandbox;
  const auto folder = plugins(sandbox, {"foreign_torch"});
  sandbox.write_experiment(with_encoder("foreign_torch"));
  const auto ended = sandbox.run("r", {"--plugin-path", folder});
  EXPECT_NE(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("foreign_torch"));
}

TEST(BadPlugin, that_crashes_while_encoding_costs_only_its_own_cells) {
  const Sandbox sandbox;
  const auto folder = plugins(sandbox, {"crash_in_encode"});
  sandbox.write_experiment(with_encoder("crash_in_encode"));
  const auto ended = sandbox.run("r", {"--plugin-path", folder});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("8 ok, 4 failed"), HasSubstr("signal 11")));
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run WHERE state = 'failed'"), "4");
}

TEST(BadPlugin, that_hangs_while_encoding_costs_only_its_own_cells) {
  const Sandbox sandbox;
  const auto folder = plugins(sandbox, {"sleeps_in_encode"});
  sandbox.write_experiment(with_encoder("sleeps_in_encode", "[resources]\nattempts = 1\n"));
  const auto ended = sandbox.run("r", {"--plugin-path", folder, "--timeout", "5"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, HasSubstr("8 ok, 4 failed"));
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run WHERE state = 'timeout'"), "4");
}

TEST(BadPlugin, that_takes_all_memory_costs_only_its_own_cells) {
  const Sandbox sandbox;
  const auto folder = plugins(sandbox, {"memory_hog"});
  sandbox.write_experiment(
      with_encoder("memory_hog", "[resources]\nattempts = 1\nmemory = \"1GiB\"\n"));
  const auto ended = sandbox.run("r", {"--plugin-path", folder});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, HasSubstr("8 ok, 4 failed"));
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run WHERE state = 'oom'"), "4");
}

TEST(BadData, is_reported_with_the_file_and_never_replaced) {
  const Sandbox sandbox;
  write(sandbox.data() / "kind1" / "1.wav", "this is not audio");
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("kind1/1.wav"));
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run WHERE state = 'ok'"), "0");
}

TEST(BadData, may_be_lost_if_the_experiment_allows_it) {
  const Sandbox sandbox;
  write(sandbox.data() / "kind1" / "1.wav", "this is not audio");
  auto text = Sandbox::experiment();
  text.replace(text.find("use = \"folder\""), 14, "use = \"folder\"\nallow_lost = 1");
  sandbox.write_experiment(text);
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_THAT(sandbox.query("r", "SELECT lost FROM run WHERE state = 'ok' LIMIT 1"),
              HasSubstr("1.wav"));
}

TEST(BadUse, has_a_clear_message_and_exit_code) {
  const Sandbox sandbox;
  auto text = Sandbox::experiment();
  text.replace(text.find("n_train"), 7, "n_trian");
  sandbox.write_experiment(text);
  auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr("tones.toml:14:31: "), HasSubstr("did you mean 'n_train'?")));
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;

  ended = sandbox.command({"pan"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("did you mean 'plan'?"));

  sandbox.write_experiment(Sandbox::experiment());
  EXPECT_EQ(sandbox.run("r", {"--device", "cuda:9"}).code, 2);
  EXPECT_EQ(sandbox.run("r", {"--progress", "fancy"}).code, 2);
  EXPECT_EQ(sandbox.command({"nowhere.toml"}).code, 2);

  write(sandbox / "r/results.db",
        "this is no database, and longer than its header would be ......");
  EXPECT_EQ(sandbox.run("r").code, 4);
  EXPECT_EQ(text_of(sandbox / "r/results.db").substr(0, 7), "this is");
}

}  // namespace
}  // namespace earshot::testing
