#include "protocol/hash.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace earshot::protocol {
namespace {

// FIPS 180-2, appendix B.
constexpr const char* of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Hash, equals_the_published_test_vectors) {
  EXPECT_EQ(sha256(std::string_view("abc")), of_abc);
  EXPECT_EQ(sha256(std::string_view("")), of_nothing);
}

TEST(Hash, of_a_file_equals_the_hash_of_its_bytes) {
  const auto file = std::filesystem::temp_directory_path() / "earshot_hash_test";
  std::ofstream(file) << "abc";
  EXPECT_EQ(sha256_file(file), of_abc);
  std::filesystem::remove(file);
  EXPECT_THROW(sha256_file(file), std::system_error);
}

/// Why a file could not be hashed.
std::string refusal_of_file(const std::filesystem::path& file) {
  try {
    sha256_file(file);
  } catch (const std::system_error& error) {
    return error.code().message();
  }
  return "it has one";
}

TEST(Hash, is_taken_of_regular_files_only_and_never_waits_for_others) {
  const auto pipe =
      std::filesystem::temp_directory_path() / ("earshot_hash_pipe_" + std::to_string(::getpid()));
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::filesystem::path& file :
       {pipe, std::filesystem::path("/dev/zero"), std::filesystem::temp_directory_path()})
    EXPECT_EQ(refusal_of_file(file), "a folder, pipe, socket or device; expected a regular file")
        << file;
  EXPECT_THROW(git_hash_file(pipe), std::system_error);
  std::filesystem::remove(pipe);
}

TEST(Hash, is_not_taken_of_what_has_more_than_its_size_says) {
  EXPECT_EQ(refusal_of_file("/proc/self/status"),
            "it grows while it is being read; expected a complete file");
}

TEST(Hash, of_git_equals_that_of_its_program) {  // git hash-object
  const auto file = std::filesystem::temp_directory_path() / "earshot_git_hash_test";
  std::ofstream(file) << "{}";
  EXPECT_EQ(git_hash_file(file), "9e26dfeeb6e641a33dae4961196235bdb965b21b");
  std::filesystem::resize_file(file, 0);
  EXPECT_EQ(git_hash_file(file), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  std::filesystem::remove(file);
}

TEST(Hash, of_json_does_not_depend_on_the_order_of_keys) {
  EXPECT_EQ(sha256(Json::parse(R"({"a": 1, "b": [1.5, true]})")),
            sha256(Json::parse(R"({"b": [1.5, true], "a": 1})")));
  EXPECT_NE(sha256(Json::parse(R"({"a": 1})")), sha256(Json::parse(R"({"a": 2})")));
}

TEST(Hash, hash64_is_the_beginning_of_the_digest) {
  EXPECT_EQ(hash64("abc"), 0xba7816bf8f01cfeaULL);
}

}  // namespace
}  // namespace earshot::protocol
