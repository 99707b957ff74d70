#include "commands.hpp"

#include <fstream>
#include <regex>

#include <gmock/gmock.h>

#include "files.hpp"
#include "pages.hpp"
#include "sandbox.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(Commands, help_shows_usage_and_examples) {
  for (const auto* command :
       {&query_command, &export_command, &db_command, &status_command, &logs_command}) {
    const auto help = output_of(*command, {"--help"});
    EXPECT_THAT(help, AllOf(StartsWith(std::string("Usage: runner ") + command->name),
                            HasSubstr("--results"), HasSubstr("Examples:"),
                            HasSubstr(std::string("  runner ") + command->name)));
  }
  EXPECT_THAT(output_of(query_command, {"--help"}), HasSubstr("leaderboard"));
}

/// The text of an experiment file of this tree with the files that it extends.
std::string experiment_text(const std::string& file) {
  using earshot::testing::text_of;
  const auto path = std::filesystem::path(EARSHOT_SOURCE_DIR) / file;
  const auto text = text_of(path);
  const std::string base = "base/reasonaqa.toml";
  const bool extended = text.find("extends = [\"" + base) != std::string::npos;
  return extended ? text + text_of(path.parent_path() / base) : text;
}

// Regression: the help of import-predictions named a task that its experiment does not have.
TEST_F(Commands, examples_name_experiments_and_labels_that_exist) {
  // In an example: the file, a label of it after a colon, a task.
  const std::regex named(R"((experiments/[a-z0-9_]+\.toml)(?::([a-z0-9_]+))?)"),
      task(R"((?:--task |--set task\.)([a-z0-9_]+))");
  int checked = 0;
  for (const auto* command : commands()) {
    for (const auto& line :
         earshot::testing::commands_in(output_of(*command, {"--help"}), "runner ")) {
      std::smatch found;
      if (!std::regex_search(line, found, named)) continue;
      const auto text = experiment_text(found[1]);
      EXPECT_THAT(text, HasSubstr("[experiment]")) << line;
      if (found[2].matched) {
        EXPECT_THAT(text, HasSubstr("." + found[2].str() + "]")) << line;
      }
      if (std::smatch label; std::regex_search(line, label, task)) {
        EXPECT_THAT(text, HasSubstr("[task." + label[1].str() + "]")) << line;
      }
      ++checked;
    }
  }
  EXPECT_GT(checked, 10);
}

TEST_F(Commands, take_the_file_of_an_experiment_for_its_name) {
  const auto experiment = (folder / "x.toml").string();
  std::ofstream(experiment) << "[experiment]\nname = \"ablation\"\nkey = \"${NOT_SET}\"\n";
  EXPECT_EQ(run(status_command, {experiment}), run(status_command, {"ablation"}));
  EXPECT_EQ(run(export_command, {experiment}), run(export_command, {"ablation"}));
  EXPECT_EQ(run(experiments_command, {"list", experiment}),
            run(experiments_command, {"list", "ablation"}));
  EXPECT_EQ(run(query_command, {"leaderboard", "experiment=" + experiment}),
            run(query_command, {"leaderboard", "experiment=ablation"}));
  EXPECT_THAT(usage_of(status_command, {(folder / "none.toml").string()}),
              HasSubstr("cannot be read"));
}

TEST_F(Commands, that_need_what_the_file_says_refuse_a_name) {
  for (const auto* command : {&run_command, &plan_command, &rescore_command})
    EXPECT_THAT(usage_of(*command, {"ablation"}),
                HasSubstr("there is no file 'ablation'; '" + std::string(command->name) +
                          "' needs the file of an experiment (FILE.toml), not its name"));
}

TEST_F(Commands, help_lists_every_command_once_in_a_group) {
  std::ostringstream text;
  auto* const before = std::cout.rdbuf(text.rdbuf());
  dispatch({"--help"});
  std::cout.rdbuf(before);
  for (const auto* command : commands()) {
    const auto line = "\n  " + std::string(command->name) + " ";
    const auto at = text.str().find(line);
    ASSERT_NE(at, std::string::npos) << command->name;
    EXPECT_EQ(text.str().find(line, at + 1), std::string::npos) << command->name;
  }
  EXPECT_THAT(text.str(), AllOf(HasSubstr("Run experiments\n  run "),
                                HasSubstr("Manage results and the cache\n  experiments ")));
}

}  // namespace
}  // namespace earshot::host

namespace earshot::testing {
namespace {

using ::testing::HasSubstr;

// Regression: commands that only read made a folder where they were called.
TEST(ReadingCommands, make_nothing_where_they_are_called) {
  const Sandbox sandbox;
  const std::vector<std::string> home{"XDG_CACHE_HOME=" + (sandbox / "home").string()};
  const auto folder = sandbox.data().parent_path();
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"describe", "log_mel"},
                                             {"plugins"},
                                             {"plan", "tones.toml"},
                                             {"run", "tones.toml", "--dry-run"}})
    EXPECT_EQ(Runner(folder, words, home).wait().code, 0) << words.front();
  EXPECT_FALSE(std::filesystem::exists(sandbox / "results"));
  EXPECT_TRUE(std::filesystem::exists(sandbox / "home/earshot/stamps.db")) << "remembered";
}

TEST(ProjectFile, names_the_results_for_every_command) {
  const Sandbox sandbox;
  write(sandbox / "earshot.toml", "results = 'kept/r.db'\n");
  ASSERT_EQ(sandbox.command({"tones.toml", "--only", "task=near"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(sandbox / "kept/r.db"));
  const auto status = Runner(sandbox.data(), {"status"}, {}).wait();  // a folder below
  EXPECT_THAT(status.out, HasSubstr("tones")) << status.err;
  const auto other = Runner(sandbox.data(), {"status"}, {"EARSHOT_RESULTS=none.db"}).wait();
  EXPECT_THAT(other.err, HasSubstr("none.db: there is no such results file"));
  write(sandbox / "earshot.toml", "results = 'kept/r.db'\nplugins = 'x'\n");
  const auto wrong = sandbox.command({"status"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("earshot.toml:2:1: unknown key"));
}

TEST(Runner, helps_without_a_worker) {
  const Sandbox sandbox;
  EXPECT_THAT(sandbox.command({"--help"}).out, HasSubstr("check-plugin"));
  EXPECT_THAT(sandbox.command({"run", "--help"}).out, HasSubstr("--worker-prefix"));
  EXPECT_THAT(sandbox.command({"version", "--all"}).out, HasSubstr("sdk3;torch"));
}

}  // namespace
}  // namespace earshot::testing
