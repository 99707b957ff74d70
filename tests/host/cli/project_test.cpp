#include "host/cli/project.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>

#include <gmock/gmock.h>

#include "files.hpp"
#include "host/base/defaults.hpp"
#include "host/base/failure.hpp"
#include "host/plan/planner.hpp"
#include "temporary_folder.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
using earshot::testing::TemporaryFolder;
using earshot::testing::write;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Works in its own folder, with variables that are restored.
class Project : public ::testing::Test {
 protected:
  Project() {
    for (const auto* name : names) {
      const char* value = std::getenv(name);
      before_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
      ::unsetenv(name);
    }
    defaults() = {};
    fs::create_directories(folder / "work/deep");
    fs::current_path(folder / "work/deep");
  }
  ~Project() override {
    fs::current_path(home_);
    defaults() = {};
    for (const auto& [name, value] : before_) {
      if (value)
        ::setenv(name.c_str(), value->c_str(), 1);
      else
        ::unsetenv(name.c_str());
    }
  }

  static std::string refusal() {
    try {
      apply_project();
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.code(), ExitCode::usage);
      return failure.what();
    }
    return "(not refused)";
  }

  static constexpr const char* names[] = {
      "EARSHOT_RESULTS", "EARSHOT_CACHE_DIR", "HF_HUB_CACHE",   "HUGGINGFACE_HUB_CACHE",
      "HF_HOME",         "HF_ENDPOINT",       "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"};
  TemporaryFolder folder;

 private:
  const fs::path home_ = fs::current_path();
  std::map<std::string, std::optional<std::string>> before_;
};

TEST_F(Project, without_a_file_leaves_the_defaults) {
  apply_project();
  EXPECT_EQ(defaults().results, "results/results.db");
  EXPECT_FALSE(defaults().results_named);
}

TEST_F(Project, file_above_the_working_folder_is_read_and_its_paths_are_meant_from_there) {
  write(folder / "work/earshot.toml",
        "results = 'out/r.db'\ncache = '/scratch/cache'\nplugin_path = ['build', '/p']\n");
  apply_project();
  EXPECT_EQ(defaults().results, "../out/r.db");
  EXPECT_TRUE(defaults().results_named);
  EXPECT_EQ(cache_folder("", defaults().results),
            fs::path("/scratch/cache").lexically_proximate(fs::current_path()));
  EXPECT_THAT(defaults().plugin_paths,
              ElementsAre("../build", fs::path("/p").lexically_proximate(fs::current_path())));
}

TEST_F(Project, file_that_is_nearest_counts_alone) {
  write(folder / "work/earshot.toml", "results = 'a.db'\ncache = 'c'\n");
  write(folder / "work/deep/earshot.toml", "results = 'b.db'\nplugin_path = 'build'\n");
  apply_project();
  EXPECT_EQ(defaults().results, "b.db");
  EXPECT_EQ(defaults().cache, "");
  EXPECT_THAT(defaults().plugin_paths, ElementsAre("build"));
}

TEST_F(Project, file_stands_below_the_environment) {
  write(folder / "work/deep/earshot.toml",
        "results = 'a.db'\ncache = 'c'\n[weights]\ncache = 'hub'\nendpoint = 'https://e'\n"
        "offline = true\n");
  ::setenv("EARSHOT_RESULTS", "elsewhere/r.db", 1);
  ::setenv("EARSHOT_CACHE_DIR", "/env/cache", 1);
  ::setenv("HF_HOME", "/env/home", 1);
  apply_project();
  EXPECT_EQ(defaults().results, "elsewhere/r.db");
  EXPECT_EQ(cache_folder("", defaults().results), "/env/cache");
  EXPECT_EQ(cache_folder("given", defaults().results), "given");
  EXPECT_EQ(std::getenv("HF_HUB_CACHE"), nullptr);
  EXPECT_STREQ(std::getenv("HF_ENDPOINT"), "https://e");
  EXPECT_STREQ(std::getenv("HF_HUB_OFFLINE"), "1");
}

TEST_F(Project, variables_of_the_environment_stand_in_its_paths) {
  ::setenv("EARSHOT_CACHE_DIR", "", 1);
  write(folder / "work/deep/earshot.toml",
        "results = '${EARSHOT_TEST_UNSET:-/data}/r.db'\n[weights]\ncache = 'hub'\n");
  apply_project();
  EXPECT_EQ(fs::weakly_canonical(defaults().results), "/data/r.db");
  EXPECT_EQ(std::getenv("HF_HUB_CACHE"), fs::current_path() / "hub");
}

TEST_F(Project, mistakes_are_told_with_their_place) {
  const auto file = folder / "work/deep/earshot.toml";
  write(file, "results = 'r.db'\nreslts = 'x'\n");
  EXPECT_THAT(refusal(),
              HasSubstr("earshot.toml:2:1: unknown key in the project file: 'reslts'; known: "
                        "results, cache, plugin_path, weights; did you mean 'results'?"));
  write(file, "results = 5\n");
  EXPECT_THAT(refusal(), HasSubstr("earshot.toml:1:11: results is 5 (an integer)"));
  write(file, "[weights]\ncahce = 'x'\n");
  EXPECT_THAT(refusal(), HasSubstr("earshot.toml:2:1: unknown key in [weights]: 'cahce'"));
  write(file, "results = \n");
  EXPECT_THAT(refusal(), HasSubstr("earshot.toml:1:"));
  write(file, "cache = ''\n");
  EXPECT_THAT(refusal(), HasSubstr("earshot.toml:1:9: the path is empty"));
}

}  // namespace
}  // namespace earshot::host
