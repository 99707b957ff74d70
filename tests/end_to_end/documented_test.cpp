#include <gmock/gmock.h>

#include "pages.hpp"
#include "sandbox.hpp"

namespace earshot::testing {
namespace {

/// Splits words like a shell; supports only the double quotes that the pages use.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  bool quoted = false, inside = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      inside = inside || quoted;
      if (quoted) words.emplace_back();
    } else if (c == ' ' && !quoted) {
      inside = false;
    } else {
      if (!inside) words.emplace_back();
      inside = true;
      words.back() += c;
    }
  }
  return words;
}

/// The documented experiment, run once with fewer clips, and the queries that the pages suggest.
class DocumentedQueries : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    sandbox_ = new Sandbox();
    std::vector<std::string> words{"run",       EARSHOT_SOURCE_DIR "/experiments/quickstart.toml",
                                   "--results", "r/results.db",
                                   "--set",     "dataset.scenes.options.clips=432"};
    for (const std::string task : {"event", "room", "quality", "noise", "distance"})
      words.insert(words.end(), {"--set", "task." + task + ".options.n_train=160"});
    const auto ended = sandbox_->command(words);
    ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
    ASSERT_EQ(sandbox_->command({"compare", "quickstart", "--results", "r/results.db"}).code, 0);
  }
  static void TearDownTestSuite() { delete sandbox_; }

  /// Number of rows that the command prints as CSV, without the header; -1 if it fails.
  static long rows_of(std::vector<std::string> words) {
    words.insert(words.end(), {"--results", "r/results.db"});
    if (std::count(words.begin(), words.end(), "--format") == 0)
      words.insert(words.end(), {"--format", "csv"});
    const auto ended = sandbox_->command(words);
    EXPECT_EQ(ended.code, 0) << ended.err;
    return ended.code == 0 ? std::count(ended.out.begin(), ended.out.end(), '\n') - 1 : -1;
  }

  static std::string page(const std::string& name) {
    return text_of(EARSHOT_SOURCE_DIR "/" + name);
  }

  static inline Sandbox* sandbox_ = nullptr;
};

TEST_F(DocumentedQueries, of_the_results_page_find_rows_in_quickstart) {
  for (const auto& sql : sql_in(page("results/README.md"))) {
    const bool of_others = sql.find("FROM published") != sql.npos ||
                           sql.find("FROM failure") != sql.npos;  // as documented
    EXPECT_GE(rows_of({"query", sql}), of_others ? 0 : 1) << sql;
  }
}

TEST_F(DocumentedQueries, on_the_command_line_find_rows_in_quickstart) {
  auto lines = commands_in(page("results/README.md"), "runner query ");
  const auto readme = commands_in(page("README.md"), "build/bin/runner query ");
  lines.insert(lines.end(), readme.begin(), readme.end());
  const auto help = commands_in(sandbox_->command({"query", "--help"}).out, "runner query ");
  EXPECT_GE(help.size(), 4U);
  for (const auto& line : help)
    if (line.find("failure") == line.npos) lines.push_back(line);
  EXPECT_GE(lines.size(), 8U);
  for (const auto& line : lines) {
    auto words = words_of(line);
    words.insert(words.begin(), "query");
    EXPECT_GE(rows_of(words), 1) << line;
  }
}

TEST_F(DocumentedQueries, with_sqlite3_find_rows_in_quickstart) {
  for (const auto* name : {"results/README.md", "README.md"}) {
    auto lines = commands_in(page(name), "sqlite3 -box results/results.db ");
    const auto plain = commands_in(page(name), "sqlite3 results/results.db ");
    lines.insert(lines.end(), plain.begin(), plain.end());
    ASSERT_FALSE(lines.empty()) << name;
    for (const auto& line : lines)
      EXPECT_GE(rows_of({"query", words_of(line).at(0)}), 1) << line;
  }
}

TEST_F(DocumentedQueries, that_are_ready_made_find_rows_unless_there_are_none) {
  for (const auto* name :
       {"experiments", "results", "slices", "leaderboard", "deltas", "comparisons", "curves",
        "cost", "encoders", "hardest", "provenance", "origins"})
    EXPECT_GE(rows_of({"query", name}), 1) << name;
  for (const auto* name :
       {"published", "failures", "training", "dropped-items", "losses", "left-out", "sensitivity"})
    EXPECT_EQ(rows_of({"query", name}), 0) << name;
}

TEST_F(DocumentedQueries, and_the_file_is_sound_and_sealed) {
  const auto ended = sandbox_->command({"db", "check", "--results", "r/results.db"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(ended.out.find("have no hash"), std::string::npos);
}

}  // namespace
}  // namespace earshot::testing
