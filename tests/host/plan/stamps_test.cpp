#include "host/plan/stamps.hpp"

#include <fstream>
#include <iterator>
#include <system_error>

#include <gmock/gmock.h>
#include <unistd.h>

#include "support.hpp"

namespace earshot::host {
namespace {

TEST(Stamps, remember_the_hash_of_a_file_until_it_changes) {
  const Folder folder;
  const auto file = folder.write("a", "one");
  wait_until_settled();
  {
    StampTable stamps(folder / "cache");
    EXPECT_EQ(stamps.sha256(file), protocol::sha256(std::string_view("one")));
    EXPECT_EQ(stamps.sha256(file), protocol::sha256(std::string_view("one")));
    EXPECT_EQ(stamps.hashed(), 1);
  }
  StampTable stamps(folder / "cache");
  EXPECT_EQ(stamps.sha256(file), protocol::sha256(std::string_view("one")));
  EXPECT_EQ(stamps.hashed(), 0);
  folder.write("a", "two");
  Folder::age(file, std::chrono::hours(2));
  EXPECT_EQ(stamps.sha256(file), protocol::sha256(std::string_view("two")));
}

TEST(Stamps, do_not_trust_a_file_that_was_written_just_now) {
  const Folder folder;
  const auto file = folder.write("a", "one");
  Folder::age(file, std::chrono::seconds(0));
  StampTable stamps(folder / "cache");
  stamps.sha256(file);
  stamps.sha256(file);
  EXPECT_EQ(stamps.hashed(), 2);
}

TEST(Stamps, hash_a_folder_by_names_and_contents) {
  const Folder folder;
  folder.write("f/a", "one");
  folder.write("f/sub/b", "two");
  folder.write("same/a", "one");
  folder.write("same/sub/b", "two");
  folder.write("renamed/a", "one");
  folder.write("renamed/sub/c", "two");
  StampTable stamps(folder / "cache");
  EXPECT_EQ(stamps.content(folder / "f"), stamps.content(folder / "same"));
  EXPECT_NE(stamps.content(folder / "f"), stamps.content(folder / "renamed"));
}

TEST(Stamps, remember_answers) {
  const Folder folder;
  {
    StampTable stamps(folder / "cache");
    EXPECT_TRUE(stamps.recall("q").is_null());
    stamps.remember("q", {{"a", 1.5}});
    EXPECT_EQ(stamps.recall("q"), Json({{"a", 1.5}}));
  }
  EXPECT_EQ(StampTable(folder / "cache").recall("q"), Json({{"a", 1.5}}));
}

std::string text_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(Stamps, see_a_change_in_place_that_keeps_size_and_time) {
  const Folder folder;
  const auto file = folder.write("a", "one");
  StampTable stamps(folder / "cache");
  EXPECT_EQ(stamps.sha256(file), protocol::sha256(std::string_view("one")));
  const auto time = std::filesystem::last_write_time(file);
  std::fstream(file, std::ios::in | std::ios::out) << "two";
  std::filesystem::last_write_time(file, time);  // as `cp -p` and `rsync -t --inplace` do
  EXPECT_EQ(stamps.sha256(file), protocol::sha256(std::string_view("two")));
}

TEST(Stamps, lose_no_more_than_what_is_damaged_wherever_that_is) {
  const Folder folder;
  std::vector<std::string> files;
  for (int i = 0; i < 20; ++i)
    files.push_back(folder.write("f" + std::to_string(i), "content " + std::to_string(i)));
  wait_until_settled();
  {
    StampTable stamps(folder / "cache");
    for (const auto& file : files)
      stamps.sha256(file);
  }
  const auto good = text_of_file(folder / "cache/stamps.db");
  for (std::size_t at = 0; at < good.size(); at += 7) {
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    std::ofstream(folder / "cache/stamps.db", std::ios::binary) << bad;
    StampTable stamps(folder / "cache");
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(stamps.sha256(files[static_cast<std::size_t>(i)]),
                protocol::sha256(std::string_view("content " + std::to_string(i))));
    if (at > 30) {
      EXPECT_LE(stamps.hashed(), 2) << at;
    }
  }
}

TEST(Stamps, begin_anew_where_a_file_is_that_is_none_of_theirs) {
  const Folder folder;
  folder.write("cache/stamps.db", std::string(5000, 'x'));
  const auto file = folder.write("a", "one");
  wait_until_settled();
  StampTable(folder / "cache").sha256(file);
  StampTable stamps(folder / "cache");
  stamps.sha256(file);
  EXPECT_EQ(stamps.hashed(), 0);
}

TEST(Stamps, of_two_runners_that_share_a_cache_are_all_kept) {
  const Folder folder;
  const auto one = folder.write("a", "one"), two = folder.write("b\n\xe9", "two");
  const auto three = folder.write("c", "three");
  wait_until_settled();
  StampTable(folder / "cache").sha256(three);
  StampTable first(folder / "cache"), second(folder / "cache");
  first.sha256(one);
  second.sha256(two);
  first.save();
  second.save();
  StampTable both(folder / "cache");
  both.sha256(one);
  both.sha256(two);
  EXPECT_EQ(both.hashed(), 0);
}

TEST(Stamps, can_be_used_where_nothing_can_be_written) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const Folder folder;
  const auto file = folder.write("a", "one");
  std::filesystem::create_directories(folder / "cache");
  std::filesystem::permissions(
      folder / "cache", std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  {
    StampTable stamps(folder / "cache");
    EXPECT_EQ(stamps.sha256(file), protocol::sha256(std::string_view("one")));
    stamps.remember("q", 1);
    EXPECT_TRUE(stamps.recall("q").is_null());
  }
  std::filesystem::permissions(folder / "cache", std::filesystem::perms::owner_all);
}

TEST(Stamps, cover_every_shard_that_an_index_names) {
  const Folder folder;
  const std::filesystem::path index = folder.write("m/model.safetensors.index.json", "{}");
  const std::filesystem::path shard = folder.write("m/one.safetensors", "weights");
  StampTable stamps(folder / "cache");
  const auto before = stamps.input(index, {index, shard});
  EXPECT_EQ(before.files.size(), 2u);
  folder.write("m/one.safetensors", "other weights");
  EXPECT_NE(stamps.input(index, {index, shard}).sha256, before.sha256);
  EXPECT_EQ(stamps.input(index, {index}).sha256, protocol::sha256(std::string_view("{}")));
}

TEST(Answers, that_are_damaged_are_asked_anew_whatever_bit_it_is) {
  const Folder folder;
  const Answers answers(folder / "answers");
  answers.remember("q", {{"files", {"a.wav", "b.wav"}}});
  const auto good = text_of_file(folder / "answers/q.json");
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

TEST(Stamps, throw_for_a_file_that_cannot_be_read) {
  const Folder folder;
  StampTable stamps(folder / "cache");
  EXPECT_THROW(stamps.sha256(folder / "none"), std::system_error);
}

}  // namespace
}  // namespace earshot::host
