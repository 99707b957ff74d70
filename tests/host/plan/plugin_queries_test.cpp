#include "host/plan/plugin_queries.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "../../worker/plugin/fixture_plugins.hpp"
#include "host/base/installation.hpp"
#include "protocol/path_text.hpp"
#include "support.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A dataset of two files in their own folder, whose source is another file.
class Remembered : public ::testing::Test {
 protected:
  Remembered() {
    queries_.listings["folder"].info.sources = {folder_.write("table.csv", "a,b")};
    name({folder_.write("audio/a.wav", "a"), folder_.write("audio/b.wav", "b")});
    ref_.plugin = folder_.write("data.so", "plugin");
    ref_.component = "folder";
    wait_until_settled();
  }

  void name(std::vector<std::string> files) {
    queries_.listings["folder"].files = std::move(files);
  }
  Listing list() {
    HashCache hashes(folder_ / "cache");
    return CachedQueries(queries_, hashes, folder_ / "cache", "worker").list(ref_);
  }

  Folder folder_;
  ScriptedQueries queries_;
  protocol::ComponentRef ref_;
};

TEST_F(Remembered, listing_holds_while_nothing_changes) {
  EXPECT_EQ(list().files, list().files);
  EXPECT_EQ(queries_.listed, 1);
}

// Regression: recordings that were converted in place kept their old names in the cached listing.
TEST_F(Remembered, listing_is_asked_anew_when_a_file_went_away_in_place_of_another_ending) {
  list();
  std::filesystem::rename(folder_ / "audio/a.wav", folder_ / "audio/a.ogg");
  name({(folder_ / "audio/a.ogg").string(), (folder_ / "audio/b.wav").string()});
  EXPECT_EQ(list().files[0], (folder_ / "audio/a.ogg").string());
}

// Regression: a clip that was removed made every later run fail, since the cached listing still
// named it.
TEST_F(Remembered, listing_is_asked_anew_when_a_clip_was_removed_or_came) {
  list();
  std::filesystem::remove(folder_ / "audio/b.wav");
  name({(folder_ / "audio/a.wav").string()});
  EXPECT_EQ(list().files.size(), 1u);
  name({(folder_ / "audio/a.wav").string(), folder_.write("audio/c.wav", "c")});
  EXPECT_EQ(list().files.size(), 2u);
}

TEST_F(Remembered, listing_of_missing_files_is_asked_anew_when_they_are_there) {
  name({(folder_ / "audio/later/a.wav").string()});
  list();
  EXPECT_EQ(queries_.listed, 1);
  list();
  EXPECT_EQ(queries_.listed, 1);
  folder_.write("audio/later/a.wav", "a");
  list();
  EXPECT_EQ(queries_.listed, 2);
}

TEST_F(Remembered, listing_is_asked_anew_when_its_source_changed_in_place) {
  list();
  const auto time = std::filesystem::last_write_time(folder_ / "table.csv");
  std::fstream(folder_ / "table.csv", std::ios::in | std::ios::out) << "x,y";
  std::filesystem::last_write_time(folder_ / "table.csv", time);
  list();
  EXPECT_EQ(queries_.listed, 2);
}

TEST_F(Remembered, listing_that_was_made_while_files_changed_is_not_trusted) {
  folder_.write("audio/c.wav", "c");
  list();
  list();
  EXPECT_EQ(queries_.listed, 2);
}

TEST_F(Remembered, names_that_are_no_utf8_are_remembered_as_they_are) {
  const auto path = folder_ / "audio/caf\xe9.wav";
  folder_.write("audio/caf\xe9.wav", "c");
  wait_until_settled();
  name({protocol::path_text(path)});
  list();
  EXPECT_EQ(protocol::path_of(list().files.at(0)), path);
  EXPECT_EQ(queries_.listed, 1);
}

TEST_F(Remembered, answer_about_a_plugin_that_changed_meanwhile_is_none) {
  class Replacing : public ScriptedQueries {
   public:
    std::string file{};
    std::vector<Json> inspect(const std::vector<std::string>& files) override {
      earshot::testing::write(file, "another build");
      return ScriptedQueries::inspect(files);
    }
  } replacing;
  replacing.file = ref_.plugin;
  replacing.plugins["data.so"] = plugin("data", "dataset", {{"folder", {}}});
  HashCache hashes(folder_ / "cache");
  CachedQueries remembering(replacing, hashes, folder_ / "cache", "worker");
  EXPECT_THAT(remembering.inspect({ref_.plugin}).at(0).at("refused").get<std::string>(),
              HasSubstr("changed during loading"));
}

/// A dataset of the fixtures with so many items.
protocol::ComponentRef many(std::int64_t items) {
  return {
      .plugin = fixture_plugin("many_items").string(),
      .component = "it",
      .options = {{"items", items}, {"folds", 0}, {"group_size", 1}, {"clips", 9}, {"file", ""}}};
}

class Asked : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      worker_file();
    } catch (const Failure& failure) {
      GTEST_SKIP() << failure.what();
    }
    if (!std::filesystem::exists(fixture_plugin("many_items"))) GTEST_SKIP() << "no plugin";
  }
  static WorkerError refusal(WorkerQueries& queries, const protocol::ComponentRef& ref) {
    try {
      queries.list(ref);
    } catch (const WorkerError& error) {
      return error;
    }
    return {"", "an answer"};
  }
};

// Regression: after a timeout the next component was blamed for the crash of the worker that was
// killed.
TEST_F(Asked, dataset_without_an_end_is_given_up_and_the_next_one_answers) {
  WorkerQueries queries({}, std::chrono::seconds(3), {});
  EXPECT_EQ(queries.list(many(10)).info.items, 10);
  const auto error = refusal(queries, many(std::int64_t{1} << 60));
  EXPECT_EQ(error.kind, "timeout");
  EXPECT_STREQ(error.what(), "no answer within 3 s");
  EXPECT_EQ(queries.list(many(10)).info.items, 10);
}

TEST_F(Asked, dataset_that_takes_too_much_memory_is_given_up) {
  WorkerQueries queries({}, AskLimits(std::chrono::minutes(5), 1 << 20), {});
  const auto error = refusal(queries, many(std::int64_t{1} << 60));
  EXPECT_EQ(error.kind, "crash");
  EXPECT_THAT(error.what(), AllOf(HasSubstr("of memory"), HasSubstr("the limit is 1 MiB")));
}

TEST(Answers, are_kept_in_their_folder) {
  const Folder folder;
  const Answers answers(folder / "answers");
  EXPECT_TRUE(answers.recall("q").is_null());
  answers.keep("q", {{"a", 1.5}});
  EXPECT_EQ(Answers(folder / "answers").recall("q"), Json({{"a", 1.5}}));
}

TEST(Answers, that_are_damaged_are_asked_anew_whatever_bit_it_is) {
  const Folder folder;
  const Answers answers(folder / "answers");
  answers.keep("q", {{"files", {"a.wav", "b.wav"}}});
  const auto good = earshot::testing::text_of(folder / "answers/q.json");
  EXPECT_EQ(Json::parse(good).at("answer").at("files").size(), 2u);
  for (std::size_t at = 0; at < good.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 1 << bit);
      std::ofstream(folder / "answers/q.json", std::ios::binary) << bad;
      const auto answer = answers.recall("q");
      EXPECT_TRUE(answer.is_null() || answer.at("files").at(0) == "a.wav") << at;
    }
  std::ofstream(folder / "answers/q.json") << good.substr(0, good.size() / 2);
  EXPECT_TRUE(answers.recall("q").is_null());
}

}  // namespace
}  // namespace earshot::host
