#include "host/experiment/source.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "support.hpp"

namespace earshot::host {
namespace {

constexpr auto with_seeds = "encoder = ['mel', 'level']\ntask = ['room']\nseed = [0, 1, 2]\n";
const std::string base = small(with_seeds);

TEST(Extends, merges_tables_and_replaces_scalars_and_lists) {
  const auto experiment = parse(Files{{"x.toml", R"(
[experiment]
extends = ["base/a.toml"]
name = "derived"
[encoder.mel]
options = { mels = 40 }
[[matrix]]
encoder = ["mel"]
task = ["room"]
)"},
                                      {"base/a.toml", base}});
  EXPECT_EQ(experiment.name, "derived");
  EXPECT_EQ(experiment.find(Table::encoder, "mel")->use, "log_mel");
  EXPECT_EQ(experiment.find(Table::encoder, "mel")->options, Json({{"mels", 40}}));
  ASSERT_EQ(experiment.blocks.size(), 1u);
  EXPECT_EQ(experiment.blocks[0].axes.size(), 2u);
  EXPECT_FALSE(experiment.resolved.at("experiment").contains("extends"));
  EXPECT_EQ(experiment.find(Table::encoder, "mel")->position.text(), "base/a.toml:5:10");
  EXPECT_EQ(experiment.find(Table::encoder, "mel")->option_positions.at("mels").folder(), "");
  EXPECT_EQ(experiment.find(Table::task, "room")->option_positions.at("target").folder(), "base");
}

TEST(Extends, lets_later_files_win) {
  const auto experiment = parse(
      Files{{"x.toml", "[experiment]\nextends = ['a.toml', 'b.toml']\n"},
            {"a.toml", base},
            {"b.toml", "[experiment]\nname = 'b'\n[task.room]\noptions = { target = 'x' }\n"}});
  EXPECT_EQ(experiment.name, "b");
  EXPECT_EQ(experiment.find(Table::task, "room")->options.at("target"), "x");
}

TEST(Extends, lets_one_file_be_reached_by_two_ways) {
  const auto experiment = parse(Files{{"x.toml", "[experiment]\nextends = ['a.toml', 'b.toml']\n"},
                                      {"a.toml", "[experiment]\nextends = 'c.toml'\n"},
                                      {"b.toml", "[experiment]\nextends = 'c.toml'\n"},
                                      {"c.toml", base}});
  EXPECT_EQ(experiment.name, "small");
}

TEST(Extends, refuses_a_cycle_where_it_closes) {
  EXPECT_EQ(refusal([] {
              parse(Files{{"x.toml", "[experiment]\nextends = ['a.toml']\n"},
                          {"a.toml", "[experiment]\nextends = ['x.toml']\n"}});
            }),
            "a.toml:2:12: 'x.toml' also extends this file; a file cannot extend itself");
}

TEST(Extends, says_which_file_names_a_missing_one) {
  EXPECT_EQ(refusal([] {
              parse(Files{{"x.toml", "[experiment]\nextends = ['a.toml']\n"}});
            }),
            "x.toml:2:12: a.toml: there is no such file");
}

TEST(Extends, refuses_what_is_no_path) {
  EXPECT_EQ(refusal([] { parse("[experiment]\nextends = [1]\n"); }),
            "x.toml:2:12: extends has 1 (an integer); expected the paths of TOML files");
}

TEST(Set, changes_values_of_any_depth) {
  const auto experiment =
      parse(base, {.set = {"task.room.options.lr=1e-4", "encoder.mel.use = mfcc",
                           "encoder.level.options.name=a b", "matrix.0.seed=[5]"}});
  EXPECT_EQ(experiment.find(Table::task, "room")->options,
            Json::parse(R"({"target": "room", "lr": 1e-4})"));
  EXPECT_EQ(experiment.find(Table::encoder, "mel")->use, "mfcc");
  EXPECT_EQ(experiment.find(Table::encoder, "level")->options.at("name"), "a b");
  EXPECT_EQ(experiment.blocks[0].axes.back().values, std::vector<AxisValue>{5});
  EXPECT_EQ(experiment.find(Table::task, "room")->option_positions.at("lr").text(),
            "--set task.room.options.lr=1e-4");
}

TEST(Set, changes_an_option_by_its_name_alone_and_keys_as_such) {
  const auto experiment = parse(
      small("encoder = ['mel']\ntask = ['room']\n"),
      {.set = {"encoder.mel.weights=random", "encoder.mel.dtype=float16", "task.room.c=0.5"}});
  const auto& mel = *experiment.find(Table::encoder, "mel");
  EXPECT_EQ(mel.options, Json({{"weights", "random"}}));
  EXPECT_EQ(std::get<EncoderSettings>(mel.settings).dtype, "float16");
  EXPECT_EQ(experiment.find(Table::task, "room")->options,
            Json::parse(R"({"target": "room", "c": 0.5})"));
}

TEST(Set, refuses_an_unknown_key_by_what_was_typed) {
  EXPECT_EQ(refusal([] { parse(base, {.set = {"task.room.option.lr=1"}}); }),
            "--set task.room.option.lr=1: unknown key in [task.room]: 'option'; known: audio, use, "
            "options, dataset; did you mean 'options'?");
}

TEST(Set, refuses_an_element_that_is_not_there) {
  EXPECT_EQ(refusal([] { parse(base, {.set = {"matrix.1.seed=[5]"}}); }),
            "--set matrix.1.seed=[5]: '1' is not an element of 'matrix'; it has 1, counted from 0");
}

TEST(Set, refuses_what_has_no_value) {
  EXPECT_EQ(
      refusal([] { parse(base, {.set = {"task.room"}}); }),
      "--set task.room: no key and value; expected KEY=VALUE, such as task.room.options.lr=1e-4");
}

class Environment : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("EARSHOT_TEST_ROOT", "/data", 1);
    ::unsetenv("EARSHOT_TEST_UNSET");
  }
  void TearDown() override { ::unsetenv("EARSHOT_TEST_ROOT"); }
};

TEST_F(Environment, is_put_into_texts_everywhere) {
  const auto experiment = parse(base + R"([dataset.b]
use = "folder"
options = { root = "${EARSHOT_TEST_ROOT}/a", more = ["${EARSHOT_TEST_UNSET:-none}", "$x {}"] }
)");
  EXPECT_EQ(experiment.find(Table::dataset, "b")->options,
            Json::parse(R"({"root": "/data/a", "more": ["none", "$x {}"]})"));
}

TEST_F(Environment, is_required_where_no_default_is_given) {
  EXPECT_EQ(
      refusal([] { parse(base + "[dataset.b]\nuse = '${EARSHOT_TEST_UNSET}'\n"); }),
      "x.toml:21:7: the environment variable 'EARSHOT_TEST_UNSET' is not set; set it, for example "
      "with 'EARSHOT_TEST_UNSET=... runner ...', or write ${EARSHOT_TEST_UNSET:-default}");
}

TEST_F(Environment, refuses_what_names_no_variable) {
  EXPECT_EQ(refusal([] { parse(base + "[dataset.b]\nuse = '${A B}'\n"); }),
            "x.toml:21:7: '${A B}' is not the name of an environment variable; allowed: ${NAME}, "
            "${NAME:-default}");
  EXPECT_EQ(refusal([] { parse(base + "[dataset.b]\nuse = 'a${HOME'\n"); }),
            "x.toml:21:7: '${HOME' has no closing '}'; allowed: ${NAME}, ${NAME:-default}");
}

TEST(ReadExperiment, says_that_a_file_is_missing_or_a_folder) {
  const auto folder = std::filesystem::temp_directory_path().string();
  EXPECT_EQ(refusal([] { read_experiment("no/such.toml", {}); }),
            "no/such.toml: the experiment file cannot be read: No such file or directory; expected "
            "a TOML file");
  EXPECT_EQ(refusal([&] { read_experiment(folder, {}); }),
            folder + ": the experiment file cannot be read: it is a folder; expected a TOML file");
}

TEST(ReadExperiment, reads_regular_files_only) {
  EXPECT_THAT(refusal([] { read_experiment("/dev/zero", {}); }),
              testing::HasSubstr("it is a pipe, device or socket"));
  const auto pipe = std::filesystem::temp_directory_path() / "earshot_source_test.fifo";
  std::filesystem::remove(pipe);
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(refusal([&] { read_experiment(pipe.string(), {}); }),
              testing::HasSubstr("it is a pipe, device or socket"));
  std::filesystem::remove(pipe);
}

TEST(ReadExperiment, keeps_the_text_of_the_file) {
  const auto file = std::filesystem::temp_directory_path() / "earshot_source_test.toml";
  std::ofstream(file) << base;
  const auto experiment = read_experiment(file.string(), {});
  std::filesystem::remove(file);
  EXPECT_EQ(experiment.source, base);
  EXPECT_EQ(experiment.file, file.string());
}

}  // namespace
}  // namespace earshot::host
