#include "base/files.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "temporary_folder.hpp"

namespace earshot::base {
namespace {

using testing::TemporaryFolder;

std::string read(const std::filesystem::path& file) {
  std::ostringstream all;
  all << std::ifstream(file, std::ios::binary).rdbuf();
  return all.str();
}

std::vector<std::span<const std::byte>> pieces(const std::string& a, const std::string& b = "") {
  return {std::as_bytes(std::span(a)), std::as_bytes(std::span(b))};
}

TEST(ReplaceFile, makes_folders_and_replaces_what_was_there) {
  const TemporaryFolder folder;
  const std::string one = "one", two = "two";
  EXPECT_EQ(replace_file(folder / "a/b/file", pieces(one, two), Flush::yes), 0);
  EXPECT_EQ(read(folder / "a/b/file"), "onetwo");
  EXPECT_EQ(replace_file(folder / "a/b/file", two), 0);
  EXPECT_EQ(read(folder / "a/b/file"), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "a/b"), {}), 1);
}

TEST(ReplaceFile, gives_the_error_and_leaves_nothing_behind_when_it_cannot_write) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file").flush();
  const std::string text = "text";
  EXPECT_EQ(replace_file(folder / "file/below", text), ENOTDIR);

  // A limit on file sizes is as close to a full disk as a test can get.
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string large(100'000, 'x');
  const int error = replace_file(folder / "large", large);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(error, EFBIG);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(RemoveLeftovers, removes_only_those_of_dead_processes) {
  const TemporaryFolder folder;
  const auto child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const auto name = [&](const std::string& of, int pid) {
    return "x.shard." + of + "." + std::to_string(pid) + "-17.tmp";
  };
  for (const auto& file : {name(host.data(), child), name(host.data(), ::getpid()),
                           name("elsewhere", child), std::string("x.shard"), std::string("y.tmp")})
    std::ofstream(folder / file).flush();
  remove_leftovers(folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder / name(host.data(), child)));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 4);
  EXPECT_NO_THROW(remove_leftovers(folder / "none"));
}

TEST(AppendToFile, adds_to_an_existing_file) {
  const TemporaryFolder folder;
  EXPECT_EQ(append_to_file(folder / "file", "x"), ENOENT);
  EXPECT_EQ(replace_file(folder / "file", "one"), 0);
  EXPECT_EQ(append_to_file(folder / "file", "two"), 0);
  EXPECT_EQ(read_file(folder / "file"), "onetwo");
  EXPECT_EQ(read_file(folder.path()), std::nullopt);
}

TEST(FreeBytes, are_those_of_the_nearest_existing_folder) {
  const TemporaryFolder folder;
  EXPECT_GT(free_bytes(folder / "not/yet/there").value_or(0), 0);
}

TEST(Mapping, has_the_bytes_of_a_file_and_none_of_an_empty_one) {
  const TemporaryFolder folder;
  replace_file(folder / "file", "bytes");
  replace_file(folder / "empty", "");
  EXPECT_EQ(Mapping(folder / "file").bytes().size(), 5u);
  EXPECT_TRUE(Mapping(folder / "empty").bytes().empty());
  EXPECT_THROW(Mapping(folder / "none"), std::system_error);
}

}  // namespace
}  // namespace earshot::base
