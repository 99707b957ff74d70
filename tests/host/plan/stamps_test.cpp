#include "host/plan/stamps.hpp"

#include <system_error>

#include <gmock/gmock.h>

#include "support.hpp"

namespace earshot::host {
namespace {

TEST(Stamps, remember_the_hash_of_a_file_until_it_changes) {
  const Folder folder;
  const auto file = folder.write("a", "one");
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

TEST(Stamps, begin_anew_when_their_file_is_damaged) {
  const Folder folder;
  folder.write("cache/stamps.db", std::string(5000, 'x'));
  StampTable stamps(folder / "cache");
  EXPECT_TRUE(stamps.recall("q").is_null());
}

TEST(Stamps, throw_for_a_file_that_cannot_be_read) {
  const Folder folder;
  StampTable stamps(folder / "cache");
  EXPECT_THROW(stamps.sha256(folder / "none"), std::system_error);
}

}  // namespace
}  // namespace earshot::host
