#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "../worker/plugin/fixture_plugins.hpp"
#include "sandbox.hpp"

// The content of a file decides whether results remain valid: not its name, nor when it changes.

namespace earshot::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* changed = "changed while the experiment ran; run again";

/// Two classes of ten sounds below a folder; `name` determines the names of the files.
template <class Name>
void write_sounds(const fs::path& root, Name name) {
  for (int i = 0; i < 20; ++i) {
    const auto file = root / (i % 2 == 0 ? "low" : "high") / name(i);
    fs::create_directories(file.parent_path());
    write_sound(file, tone(4000, i % 2 == 0 ? 300.0 + i : 3000.0 + i, 16000), 16000);
  }
}

std::string experiment_on(const std::string& dataset, const std::string& target = "class") {
  return "[experiment]\nname = \"tones\"\n[dataset.d]\n" + dataset +
         "[encoder.log_mel]\nuse = \"log_mel\"\n[task.near]\nuse = \"knn\"\ndataset = \"d\"\n"
         "options = { target = \"" +
         target + "\" }\n[[matrix]]\nencoder = [\"log_mel\"]\ntask = [\"near\"]\n";
}

std::string folder_of(const std::string& root) {
  return "use = \"folder\"\noptions = { root = '" + root + "', test = 0.5 }\n";
}

Ended plan(const Sandbox& sandbox) {
  return sandbox.command({"plan", "tones.toml", "--why", "--results", "r/results.db"});
}

/// Runs; just before each worker of a stage starts, a line of shell is executed.
Ended run_with(const Sandbox& sandbox, const std::string& shell,
               std::vector<std::string> words = {}) {
  write(sandbox / "change.sh", shell + "\nexec \"$@\"\n");
  words.insert(words.end(), {"--worker-prefix", "sh change.sh"});
  return sandbox.run("r", words);
}

// Regression: clips of files whose names are not UTF-8 shared one identity, and so their features.
TEST(Names, that_are_not_utf8_run_are_cached_and_run_again_when_their_content_changes) {
  const Sandbox sandbox;
  const auto root = sandbox / "sounds \xe4";
  write_sounds(root, [](int i) { return "caf\xe9" + std::to_string(i) + ".wav"; });
  // A backslash is doubled in TOML.
  sandbox.write_experiment(experiment_on(folder_of("sounds \\xE4")));
  const auto first = sandbox.run("r");
  EXPECT_EQ(first.code, 0) << first.out << first.err;
  EXPECT_THAT(plan(sandbox).out, ContainsRegex("log_mel/near.* +cached"));
  EXPECT_EQ(sandbox.query("r", "SELECT count(DISTINCT id) FROM item"), "20");
  EXPECT_EQ(sandbox.query("r", "SELECT value FROM result WHERE metric = 'accuracy' LIMIT 1"),
            "1.0");

  write_sound(root / "low" /
                  "caf\xe9"
                  "0.wav",
              tone(4000, 350, 16000), 16000);
  EXPECT_THAT(plan(sandbox).out, HasSubstr("the data changed"));
  EXPECT_EQ(sandbox.run("r").code, 0);
  EXPECT_THAT(plan(sandbox).out, ContainsRegex("log_mel/near.* +cached"));
}

// Regression: bytes that are not UTF-8 were replaced, so that two names became one.
TEST(Names, that_differ_only_in_bytes_that_are_not_utf8_are_two_items) {
  const Sandbox sandbox;
  const std::vector<std::string> names{"a\xe9.wav",
                                       "a\xe8.wav",
                                       "a\\xE9.wav",
                                       "a\nb.wav",
                                       "e\u0301.wav",
                                       "\u00e9.wav",
                                       std::string(250, 'x') + ".wav"};
  for (const auto* kind : {"low", "high"})
    for (std::size_t i = 0; i < names.size(); ++i) {
      fs::create_directories(sandbox / "twins" / kind);
      write_sound(sandbox / "twins" / kind / names[i],
                  tone(4000, (*kind == 'l' ? 300.0 : 3000.0) + 7 * static_cast<double>(i), 16000),
                  16000);
    }
  sandbox.write_experiment(experiment_on(folder_of("twins")));
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(sandbox.query("r", "SELECT count(DISTINCT id) FROM item"), "14");
  const auto lint = sandbox.command({"lint-data", "tones.toml", "--results", "r/results.db"});
  EXPECT_THAT(lint.out, ContainsRegex("Not found: .*missing_audio"));
  EXPECT_THAT(lint.out, Not(ContainsRegex("\n(missing_audio|duplicate_ids|unreadable_audio) ")));
}

// Regression: a file that was replaced after planning was cached under its old content.
TEST(Audio, that_changes_after_planning_fails_with_a_message_and_leaves_nothing_behind) {
  const Sandbox sandbox;
  write_sounds(sandbox / "sounds", [](int i) { return std::to_string(i) + ".wav"; });
  sandbox.write_experiment(experiment_on(folder_of("sounds")));
  fs::copy_file(sandbox / "sounds/high/1.wav", sandbox / "other.wav");
  fs::copy_file(sandbox / "sounds/low/0.wav", sandbox / "old.wav");
  const auto ended = run_with(sandbox, "cp other.wav sounds/low/0.wav");
  EXPECT_EQ(ended.code, 1) << ended.out;
  EXPECT_THAT(ended.out + ended.err, HasSubstr(std::string("sounds/low/0.wav: it ") + changed));

  // The old sound again, with the same cache: as in an undisturbed run.
  fs::copy_file(sandbox / "old.wav", sandbox / "sounds/low/0.wav",
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(sandbox.run("r").code, 0);
  EXPECT_EQ(sandbox.run("undisturbed").code, 0);
  EXPECT_EQ(sandbox.canonical("r"), sandbox.canonical("undisturbed"));
}

// Regression: a table that was changed after planning gave results under the key of the old one.
TEST(Table, that_changes_after_planning_fails_with_a_message) {
  const Sandbox sandbox;
  write_sounds(sandbox / "sounds", [](int i) { return std::to_string(i) + ".wav"; });
  std::ofstream table(sandbox / "t.csv");
  table << "audio,kind,split\n";
  for (int i = 0; i < 20; ++i)
    table << "sounds/" << (i % 2 == 0 ? "low" : "high") << '/' << i << ".wav,"
          << (i % 2 == 0 ? "low" : "high") << ',' << (i < 10 ? "train" : "test") << '\n';
  table.close();
  sandbox.write_experiment(experiment_on(
      "use = \"table\"\noptions = { file = \"t.csv\", labels = [\"kind\"], split = \"split\" }\n",
      "kind"));
  const auto ended = run_with(sandbox, "sed -i 's/9.wav,high/9.wav,low/' t.csv");
  EXPECT_EQ(ended.code, 1) << ended.out;
  EXPECT_THAT(ended.out + ended.err, HasSubstr(changed));
  EXPECT_EQ(sandbox.run("r").code, 0);
}

// Regression: a plugin that was rebuilt after planning gave results under the key of the old one.
TEST(Plugin, that_is_rebuilt_after_planning_fails_with_a_message) {
  const Sandbox sandbox;
  fs::create_directories(sandbox / "plugins");
  fs::copy_file(fixture_plugin("good_dataset"), sandbox / "plugins/good_dataset.so");
  sandbox.write_experiment(experiment_on("use = \"good_dataset/it\"\n", "kind"));
  const std::vector<std::string> words{"--plugin-path", "plugins"};
  // Replaced atomically, as a linker does.
  const auto ended = run_with(sandbox,
                              "cp plugins/good_dataset.so plugins/new && printf x >> plugins/new "
                              "&& mv plugins/new plugins/good_dataset.so",
                              words);
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  EXPECT_THAT(ended.out + ended.err, HasSubstr(std::string("good_dataset.so: it ") + changed));
  EXPECT_EQ(sandbox.run("r", words).code, 0);
}

// Regression: a plugin that hung while it was asked held up planning for a day.
TEST(Planning, gives_up_on_an_endless_dataset_at_the_time_limit_and_names_it) {
  const Sandbox sandbox;
  fs::create_directories(sandbox / "plugins");
  fs::copy_file(fixture_plugin("many_items"), sandbox / "plugins/many_items.so");
  sandbox.write_experiment(experiment_on(
      "use = \"many_items/it\"\noptions = { items = 1152921504606846976 }\n", "parity"));
  const auto ended = sandbox.run("r", {"--plugin-path", "plugins", "--timeout", "2"});
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_THAT(ended.out + ended.err,
              AllOf(HasSubstr("dataset 'd': no answer within 5 s"), HasSubstr("--timeout")));
}

// Regression: planning waited for a pipe that a dataset named as audio.
TEST(Planning, does_not_hash_pipes_or_devices) {
  const Sandbox sandbox;
  write_sounds(sandbox / "sounds", [](int i) { return std::to_string(i) + ".wav"; });
  ASSERT_EQ(::mkfifo((sandbox / "pipe.wav").c_str(), 0600), 0);
  std::ofstream(sandbox / "t.csv") << "audio,kind,split\nsounds/low/0.wav,low,train\n"
                                      "sounds/high/1.wav,high,train\npipe.wav,low,train\n"
                                      "/dev/zero,high,test\nsounds/low/2.wav,low,test\n";
  sandbox.write_experiment(experiment_on(
      "use = \"table\"\noptions = { file = \"t.csv\", labels = [\"kind\"], split = \"split\" }\n",
      "kind"));
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out + ended.err, HasSubstr("not a file"));
  EXPECT_THAT(plan(sandbox).out,
              HasSubstr("dataset 'd': 2 of 5 audio files cannot be read; the first is"));
  fs::create_directories(sandbox / "plugins");
  ASSERT_EQ(::mkfifo((sandbox / "plugins/x.so").c_str(), 0600), 0);
  const auto plugins = sandbox.command({"plugins", "--plugin-path", "plugins"});
  EXPECT_THAT(plugins.out + plugins.err, HasSubstr("x.so"));
}

TEST(Experiment, is_read_from_a_regular_file_only) {
  const Sandbox sandbox;
  ASSERT_EQ(::mkfifo((sandbox / "pipe.toml").c_str(), 0600), 0);
  for (const std::string file : {"pipe.toml", "/dev/zero"}) {
    const auto ended = sandbox.command({"run", file, "--results", "r/results.db"});
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr(file + ": the experiment file cannot be read: it is a pipe, "
                                            "device or socket"));
  }
}

TEST(Cache, that_cannot_be_written_is_still_used) {
  const Sandbox sandbox;
  EXPECT_EQ(sandbox.run("r").code, 0);
  // Permissions do not stop root, so files and folders of the wrong kind block the paths.
  const auto cache = sandbox / "r/cache";
  for (const auto* name : {"answers", "datasets", "stamps.db"})
    fs::remove_all(cache / name);
  write(cache / "answers", "");
  write(cache / "datasets", "");
  fs::create_directories(cache / "stamps.db");
  const auto again = sandbox.run("r");
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("8 cached"));
  EXPECT_EQ(sandbox.run("r", {"--set", "task.near.options.k=3", "--only", "task=near"}).code, 0);
}

}  // namespace
}  // namespace earshot::testing
