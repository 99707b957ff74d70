#include "protocol/file_list.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "protocol/contents.hpp"
#include "protocol/hash.hpp"
#include "temporary_folder.hpp"

namespace earshot::protocol {
namespace {

std::vector<ListedFile> some_files() {
  const auto hash = sha256(std::string_view("sound"));
  return {{"/data/a.wav", hash, Stamp{5, 6, 7, 8}},
          {"/data/caf\xe9 and\nmore.wav", hash, std::nullopt},
          {"/data/gone.wav", unreadable_identity("/data/gone.wav"), std::nullopt}};
}

TEST(FileList, gives_back_paths_of_any_bytes_with_hash_and_stamp) {
  const auto files = parse_list(list_bytes(some_files()));
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*files)[i].path, some_files()[i].path);
    EXPECT_EQ((*files)[i].sha256, some_files()[i].sha256);
    EXPECT_EQ((*files)[i].stamp, some_files()[i].stamp);
  }
  EXPECT_TRUE((*files)[1].readable());
  EXPECT_FALSE((*files)[2].readable());
}

TEST(FileList, that_is_damaged_is_none) {
  const auto bytes = list_bytes(some_files());
  EXPECT_FALSE(parse_list(bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(parse_list("no list" + bytes));
  EXPECT_TRUE(parse_list("")->empty());
}

TEST(FileList, gives_files_that_cannot_be_read_identities_of_their_own) {
  EXPECT_NE(unreadable_identity("/a"), unreadable_identity("/b"));
  EXPECT_EQ(unreadable_identity("/a").size(), 64u);
}

TEST(FileList, has_the_digest_that_keys_of_datasets_have_always_held) {
  const std::string hash = sha256(std::string_view("sound"));
  EXPECT_EQ(content_digest({{"/x", hash, {}}, {"/y", hash, {}}}),
            sha256(std::string_view(hash + "\n" + hash + "\n")));
}

TEST(Contents, of_a_folder_are_names_and_hashes_as_keys_have_always_held) {
  const earshot::testing::TemporaryFolder folder;
  std::ofstream(folder / "b") << "two";
  std::ofstream(folder / "a") << "one";
  const auto one = sha256(std::string_view("one")), two = sha256(std::string_view("two"));
  const Contents all{folder.path(), {}};
  EXPECT_EQ(all.hash(sha256_file),
            sha256(Json::parse(R"([["a",")" + one + R"("],["b",")" + two + R"("]])")));
  EXPECT_EQ((Contents{folder.path(), {"b"}}).hash(sha256_file),
            sha256(Json::parse(R"([["b",")" + two + R"("]])")));
  EXPECT_EQ((Contents{folder / "a", {}}).hash(sha256_file), one);
}

}  // namespace
}  // namespace earshot::protocol
