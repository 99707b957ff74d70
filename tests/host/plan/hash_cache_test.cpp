#include "host/plan/hash_cache.hpp"

#include <fstream>
#include <iterator>
#include <system_error>

#include <gmock/gmock.h>
#include <unistd.h>

#include "support.hpp"

namespace earshot::host {
namespace {

TEST(HashCache, remember_the_hash_of_a_file_until_it_changes) {
  const Folder folder;
  const auto file = folder.write("a", "one");
  wait_until_settled();
  {
    HashCache hashes(folder / "cache");
    EXPECT_EQ(hashes.sha256(file), protocol::sha256(std::string_view("one")));
    EXPECT_EQ(hashes.sha256(file), protocol::sha256(std::string_view("one")));
    EXPECT_EQ(hashes.hashed(), 1);
  }
  HashCache hashes(folder / "cache");
  EXPECT_EQ(hashes.sha256(file), protocol::sha256(std::string_view("one")));
  EXPECT_EQ(hashes.hashed(), 0);
  folder.write("a", "two");
  Folder::age(file, std::chrono::hours(2));
  EXPECT_EQ(hashes.sha256(file), protocol::sha256(std::string_view("two")));
}

TEST(HashCache, do_not_trust_a_file_that_was_written_just_now) {
  const Folder folder;
  const auto file = folder.write("a", "one");
  Folder::age(file, std::chrono::seconds(0));
  HashCache hashes(folder / "cache");
  hashes.sha256(file);
  hashes.sha256(file);
  EXPECT_EQ(hashes.hashed(), 2);
}

TEST(HashCache, hash_a_folder_by_names_and_contents) {
  const Folder folder;
  folder.write("f/a", "one");
  folder.write("f/sub/b", "two");
  folder.write("same/a", "one");
  folder.write("same/sub/b", "two");
  folder.write("renamed/a", "one");
  folder.write("renamed/sub/c", "two");
  HashCache hashes(folder / "cache");
  EXPECT_EQ(hashes.content(folder / "f"), hashes.content(folder / "same"));
  EXPECT_NE(hashes.content(folder / "f"), hashes.content(folder / "renamed"));
}

std::string text_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(HashCache, see_a_change_in_place_that_keeps_size_and_time) {
  const Folder folder;
  const auto file = folder.write("a", "one");
  HashCache hashes(folder / "cache");
  EXPECT_EQ(hashes.sha256(file), protocol::sha256(std::string_view("one")));
  const auto time = std::filesystem::last_write_time(file);
  std::fstream(file, std::ios::in | std::ios::out) << "two";
  std::filesystem::last_write_time(file, time);  // as `cp -p` and `rsync -t --inplace` do
  EXPECT_EQ(hashes.sha256(file), protocol::sha256(std::string_view("two")));
}

TEST(HashCache, lose_no_more_than_what_is_damaged_wherever_that_is) {
  const Folder folder;
  std::vector<std::string> files;
  for (int i = 0; i < 20; ++i)
    files.push_back(folder.write("f" + std::to_string(i), "content " + std::to_string(i)));
  wait_until_settled();
  {
    HashCache hashes(folder / "cache");
    for (const auto& file : files)
      hashes.sha256(file);
  }
  const auto good = text_of_file(folder / "cache/hashes.db");
  for (std::size_t at = 0; at < good.size(); at += 7) {
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    std::ofstream(folder / "cache/hashes.db", std::ios::binary) << bad;
    HashCache hashes(folder / "cache");
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(hashes.sha256(files[static_cast<std::size_t>(i)]),
                protocol::sha256(std::string_view("content " + std::to_string(i))));
    if (at > 30) {
      EXPECT_LE(hashes.hashed(), 2) << at;
    }
  }
}

TEST(HashCache, begin_anew_where_a_file_is_that_is_none_of_theirs) {
  const Folder folder;
  folder.write("cache/hashes.db", std::string(5000, 'x'));
  const auto file = folder.write("a", "one");
  wait_until_settled();
  HashCache(folder / "cache").sha256(file);
  HashCache hashes(folder / "cache");
  hashes.sha256(file);
  EXPECT_EQ(hashes.hashed(), 0);
}

TEST(HashCache, of_two_runners_that_share_a_cache_are_all_kept) {
  const Folder folder;
  const auto one = folder.write("a", "one"), two = folder.write("b\n\xe9", "two");
  const auto three = folder.write("c", "three");
  wait_until_settled();
  HashCache(folder / "cache").sha256(three);
  HashCache first(folder / "cache"), second(folder / "cache");
  first.sha256(one);
  second.sha256(two);
  first.save();
  second.save();
  HashCache both(folder / "cache");
  both.sha256(one);
  both.sha256(two);
  EXPECT_EQ(both.hashed(), 0);
}

TEST(HashCache, can_be_used_where_nothing_can_be_written) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const Folder folder;
  const auto file = folder.write("a", "one");
  std::filesystem::create_directories(folder / "cache");
  std::filesystem::permissions(
      folder / "cache", std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  {
    HashCache hashes(folder / "cache");
    EXPECT_EQ(hashes.sha256(file), protocol::sha256(std::string_view("one")));
  }
  std::filesystem::permissions(folder / "cache", std::filesystem::perms::owner_all);
}

TEST(HashCache, cover_every_shard_that_an_index_names) {
  const Folder folder;
  const std::filesystem::path index = folder.write("m/model.safetensors.index.json", "{}");
  const std::filesystem::path shard = folder.write("m/one.safetensors", "weights");
  HashCache hashes(folder / "cache");
  const auto before = hashes.input(index, {index, shard});
  EXPECT_EQ(before.files.size(), 2u);
  folder.write("m/one.safetensors", "other weights");
  EXPECT_NE(hashes.input(index, {index, shard}).sha256, before.sha256);
  EXPECT_EQ(hashes.input(index, {index}).sha256, protocol::sha256(std::string_view("{}")));
}

TEST(HashCache, throw_for_a_file_that_cannot_be_read) {
  const Folder folder;
  HashCache hashes(folder / "cache");
  EXPECT_THROW(hashes.sha256(folder / "none"), std::system_error);
}

}  // namespace
}  // namespace earshot::host
