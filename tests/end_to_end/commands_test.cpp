#include <cctype>
#include <cstdlib>
#include <set>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

TEST(Run, shows_a_table_of_tasks_and_encoders_and_how_complete_it_is) {
  const Sandbox sandbox;
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("log_mel  level_only"), HasSubstr("probe"),
                    HasSubstr("done  8 cells: 8 ok; 8 run"), HasSubstr("runner compare tones")));
  EXPECT_THAT(ended.out, Not(HasSubstr("\x1b")));
}

TEST(Run, reports_to_programs_one_event_per_line) {
  const Sandbox sandbox;
  const auto ended = sandbox.run("r", {"--progress", "json"});
  std::map<std::string, int> events;
  Json last;
  std::istringstream lines(ended.out);
  for (std::string line; std::getline(lines, line);) {
    last = Json::parse(line);
    ++events[last.at("event")];
  }
  EXPECT_EQ(events["plan"], 1);
  EXPECT_EQ(events["cell_started"], 8);
  EXPECT_EQ(events["cell_finished"], 8);
  EXPECT_EQ(last.at("event"), "summary");
  EXPECT_EQ(last.at("ok"), 8);
  EXPECT_EQ(last.at("exit"), 0);
}

TEST(Run, with_a_selection_expects_only_those_cells) {
  const Sandbox sandbox;
  EXPECT_THAT(sandbox.run("r", {"--only", "task=near"}).out,
              HasSubstr("done  2 cells: 2 ok; 2 run"));
  EXPECT_THAT(sandbox.run("r", {"--limit", "3"}).out, HasSubstr("done  3 cells"));
  EXPECT_THAT(sandbox.run("r", {"--dry-run"}).out, HasSubstr("tones: "));
}

TEST(Run, of_failed_cells_is_planned_as_such) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r", {"--only", "task=near"}).code, 0);
  const auto plan = sandbox.run("r", {"--failed", "--dry-run"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, AllOf(HasSubstr("--failed"), HasSubstr("left out"), Not(HasSubstr("new"))));
}

TEST(Run, without_progress_still_shows_the_results) {
  const Sandbox sandbox;
  const auto ended = sandbox.run("r", {"--progress", "none"});
  EXPECT_THAT(ended.out, AllOf(HasSubstr("log_mel  level_only"), HasSubstr("done  8 cells")));
}

TEST(Run, continues_when_the_reader_of_its_output_is_gone) {
  const Sandbox sandbox;
  sandbox.run("r", {"--dry-run"});
  const auto command = "cd '" + sandbox.data().parent_path().string() +
                       "' && { " EARSHOT_BUILD_DIR
                       "/bin/runner tones.toml --results r/results.db; echo $? > code; } | true";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(text_of(sandbox / "code"), "0\n");
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run WHERE state = 'ok'"), "8");
}

TEST(Output, that_cannot_be_written_is_a_failure) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  for (const std::string command :
       {"export tones --results r/results.db", "export tones --canonical --results r/results.db",
        "query leaderboard --results r/results.db", "status tones --results r/results.db",
        "experiments --results r/results.db", "--help", "version", "run --help",
        "tones.toml --results r/results.db"}) {
    for (const std::string where : {"> /dev/full", ">&-"}) {
      const auto all = "cd '" + sandbox.data().parent_path().string() +
                       "' && " EARSHOT_BUILD_DIR "/bin/runner " + command + " " + where +
                       " 2> said";
      const int status = std::system(all.c_str());
      EXPECT_EQ(WEXITSTATUS(status), 1) << command << where;
      EXPECT_THAT(text_of(sandbox / "said"), HasSubstr("standard output could not be written"))
          << command << where;
    }
  }
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run"), "8") << "nor is the file written into";
}

TEST(Results, that_are_removed_during_a_run_end_it_with_a_message) {
  const Sandbox sandbox;
  auto text = Sandbox::experiment();
  text.replace(text.find("seed = [0, 1, 2]"), 16,
               "seed = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]");
  sandbox.write_experiment(text);
  auto runner = sandbox.start("r", {"-j", "1", "--progress", "plain"});
  runner.wait_for("ok");
  std::filesystem::remove(sandbox / "r/results.db");
  const auto ended = runner.wait();
  EXPECT_EQ(ended.code, 4) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("was removed or replaced"));
}

TEST(Experiments, of_another_file_with_the_same_name_are_asked_about) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r", {"--only", "task=near"}).code, 0);
  auto text = Sandbox::experiment();
  text.replace(text.find("c = 1.0"), 7, "c = 2.0");
  write(sandbox / "copy.toml", text);
  const std::vector<std::string> run{"copy.toml", "--results", "r/results.db"};
  const auto refused = sandbox.command(run);
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("copy.toml: the results already have an experiment 'tones'"),
                    HasSubstr("tones.toml"), HasSubstr("--replace"),
                    HasSubstr("runner experiments rename tones NEW")));
  EXPECT_THAT(sandbox.command({"plan", "copy.toml", "--results", "r/results.db"}).out,
              HasSubstr("from another file"));
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM experiment"), "1");
  sandbox.write_experiment(text);
  EXPECT_EQ(sandbox.run("r", {"--only", "task=near"}).code, 0) << "the same file, changed";
  EXPECT_EQ(sandbox.command({"copy.toml", "--results", "r/results.db", "--only", "task=near"}).code,
            0)
      << "the same text";
  write(sandbox / "copy.toml", Sandbox::experiment());
  EXPECT_EQ(
      sandbox
          .command({"copy.toml", "--results", "r/results.db", "--only", "task=near", "--replace"})
          .code,
      0);
}

TEST(Experiments, are_listed_compared_renamed_and_removed) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r", {"--only", "task=near"}).code, 0);
  ASSERT_EQ(sandbox.run("r", {"--only", "task=near", "--set", "task.near.options.k=3"}).code, 0);
  const auto experiments = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "experiments");
    words.insert(words.end(), {"--results", "r/results.db"});
    return sandbox.command(words);
  };
  EXPECT_THAT(experiments({}).out, AllOf(HasSubstr("tones"), HasSubstr("tones.toml")));
  EXPECT_THAT(experiments({"list", "tones"}).out, HasSubstr("yes"));
  EXPECT_THAT(experiments({"diff", "tones"}).out,
              AllOf(HasSubstr("revision 1 -> 2"), HasSubstr("task.near.options.k: added, 3"),
                    HasSubstr("cells: 6 in both, 2 only before, 2 only after")));
  EXPECT_EQ(experiments({"rename", "tones", "../x"}).code, 2);
  EXPECT_EQ(experiments({"rename", "tones", "first"}).code, 0);
  EXPECT_THAT(sandbox.command({"status", "--results", "r/results.db"}).out, HasSubstr("first"));
  EXPECT_THAT(sandbox.command({"status", "first", "--cells", "--results", "r/results.db"}).out,
              HasSubstr("pending"));
  EXPECT_THAT(experiments({"remove", "first"}).out,
              HasSubstr("removed 'first': 2 revisions, 10 cells with 4 runs"));
  EXPECT_THAT(sandbox.command({"status", "--results", "r/results.db"}).out,
              Not(HasSubstr("first")));
  const auto wrong = experiments({"remve", "x"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean 'remove'?"));
}

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
  const auto status = Runner(sandbox.data(), {"status"}, {}).wait();  // from a folder below
  EXPECT_THAT(status.out, HasSubstr("tones")) << status.err;
  const auto other = Runner(sandbox.data(), {"status"}, {"EARSHOT_RESULTS=none.db"}).wait();
  EXPECT_THAT(other.err, HasSubstr("none.db: there is no such results file"));
  write(sandbox / "earshot.toml", "results = 'kept/r.db'\nplugins = 'x'\n");
  const auto wrong = sandbox.command({"status"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("earshot.toml:2:1: unknown key"));
}

TEST(Run, stores_4_bytes_per_item_for_the_interval_of_a_score) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  const std::string stored = "FROM contribution JOIN run USING (run_id) WHERE length(packed)";
  EXPECT_NE(sandbox.query("r", "SELECT count(*) " + stored + " > 12"), "0");
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) " + stored + " > 12 + 4 * used"), "0");
}

TEST(Select, gives_test_numbers_only_to_the_best_on_validation) {
  const Sandbox sandbox;
  auto text = Sandbox::experiment();
  text.replace(text.find("seed = [0, 1, 2]"), 16, "seed = [0]\n\"task.n_train\" = [4, 20]");
  text.replace(text.find("root = \"data\""), 13, "root = \"data\", validation = 0.2");
  sandbox.write_experiment(text +
                           "[select]\nover = [\"task.n_train\"]\nby = \"validation.accuracy\"\n");
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  // Two encoders: two candidates each on validation, one test; and two nearest-neighbour cells.
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run WHERE state = 'ok'"), "8");
  EXPECT_EQ(sandbox.query("r", "SELECT count(DISTINCT cell_key) FROM result WHERE task = 'probe'"),
            "2");
  const auto again = sandbox.run("r");
  EXPECT_THAT(again.out, HasSubstr(" 0 run, 8 cached")) << again.err;
}

TEST(Plan, states_the_smallest_detectable_difference_and_its_basis) {
  const Sandbox sandbox;
  const auto plan = [&] {
    return sandbox.command({"plan", "tones.toml", "--results", "r/results.db"}).out;
  };
  EXPECT_THAT(plan(),
              AllOf(HasSubstr("the smallest accuracy difference detectable with 80 % power"),
                    HasSubstr("assuming that two encoders disagree on 20 % of the items")));
  ASSERT_EQ(sandbox.run("r").code, 0);
  EXPECT_THAT(plan(), AllOf(HasSubstr("stored pair"), Not(HasSubstr("assuming"))));
}

TEST(Repro, prints_the_command_of_one_cell_which_gives_the_same_numbers) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  const auto ended = sandbox.command({"repro", "1", "--results", "r/results.db"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto begin = ended.out.rfind("\nrunner ") + 8;
  std::istringstream line(ended.out.substr(begin, ended.out.find('\n', begin) - begin));
  std::vector<std::string> words;
  for (std::string word; line >> word;)
    words.push_back(word);
  const auto repeated = sandbox.command(words);
  EXPECT_EQ(repeated.code, 0) << repeated.err;
  EXPECT_THAT(repeated.out, HasSubstr("done  1 cell: 1 ok"));
}

TEST(Cache, is_listed_verified_and_pruned) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  const std::vector<std::string> results{"--results", "r/results.db"};
  EXPECT_THAT(sandbox.command({"cache", "list", "--results", "r/results.db"}).out,
              AllOf(HasSubstr("log_mel"), HasSubstr("level_only")));
  EXPECT_EQ(sandbox.command({"cache", "verify", "--results", "r/results.db"}).code, 0);
  EXPECT_THAT(sandbox.command({"cache", "prune", "--max", "0B", "--results", "r/results.db"}).out,
              HasSubstr("deleted 4 files"));
  EXPECT_EQ(sandbox.run("r", {"--set", "task.near.options.k=3"}).code, 0);
}

TEST(NewPlugin, writes_a_plugin_under_its_own_name) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.command({"new-plugin", "encoder", "my_enc"}).code, 0);
  EXPECT_THAT(text_of(sandbox / "my_enc/plugin.cpp"),
              AllOf(HasSubstr("class MyEnc"), Not(HasSubstr("plugin_name"))));
  EXPECT_THAT(text_of(sandbox / "my_enc/CMakeLists.txt"),
              AllOf(HasSubstr("find_package(Earshot 2 REQUIRED)"), Not(HasSubstr("sdk_major"))));
  EXPECT_EQ(sandbox.command({"new-plugin", "encoder", "my_enc"}).code, 2);
  EXPECT_EQ(sandbox.command({"new-plugin", "encodr", "other"}).code, 2);
  EXPECT_EQ(sandbox.command({"new-plugin", "encoder", "Not-A-Name"}).code, 2);
}

TEST(Listen, writes_items_as_audio_with_their_labels) {
  const Sandbox sandbox;
  const auto ended = sandbox.command({"listen", "tones.toml:tones", "--n", "3", "--out", "heard"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  int waves = 0;
  for (const auto& entry : std::filesystem::directory_iterator(sandbox / "heard"))
    waves += entry.path().extension() == ".wav";
  EXPECT_EQ(waves, 3);
  EXPECT_THAT(text_of(sandbox / "heard/items.csv"), HasSubstr("kind"));
}

TEST(Listen, draws_by_its_seed_and_says_what) {
  const Sandbox sandbox;
  const auto heard = [&](const std::string& seed) {
    const auto ended = sandbox.command(
        {"listen", "tones.toml:tones", "--n", "4", "--out", "heard" + seed, "--seed", seed});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("drawn with seed " + seed + ": 4 of 70 items"));
    EXPECT_THAT(ended.out, HasSubstr("class: "));
    return text_of(sandbox / ("heard" + seed) / "items.csv");
  };
  EXPECT_NE(heard("0"), heard("1"));
}

TEST(Listen, writes_a_separate_file_for_each_item) {
  const Sandbox sandbox;
  int samples = 400;
  for (const auto* name :
       {"a/b_1.wav", "a_b/1.wav", "a b.wav", "a_b.wav", "A_B.wav", "\u65e5.wav", "\u6771.wav"}) {
    const auto file = sandbox / "clash/kind" / name;
    std::filesystem::create_directories(file.parent_path());
    write_sound(file, tone(samples++, 440, 16000), 16000);
  }
  const auto ended = sandbox.command(
      {"listen", "folder", "--option", "root=clash", "--n", "100", "--out", "heard"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  std::set<std::size_t> lengths;
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(sandbox / "heard")) {
    if (entry.path().extension() != ".wav") continue;
    lengths.insert(read_sound(entry.path()).interleaved.size());
    auto name = entry.path().filename().string();
    for (auto& letter : name)
      letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    names.insert(name);
  }
  EXPECT_EQ(lengths.size(), 7U);
  EXPECT_EQ(names.size(), 7U) << "on a disk that knows no upper case, too";
}

TEST(Runner, helps_without_a_worker) {
  const Sandbox sandbox;
  EXPECT_THAT(sandbox.command({"--help"}).out, HasSubstr("check-plugin"));
  EXPECT_THAT(sandbox.command({"run", "--help"}).out, HasSubstr("--worker-prefix"));
  EXPECT_THAT(sandbox.command({"version", "--all"}).out, HasSubstr("sdk3;torch"));
}

}  // namespace
}  // namespace earshot::testing
