#include "worker/cache/disk.hpp"

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <earshot/error.hpp>

#include "temporary_folder.hpp"

namespace earshot::worker {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::string read(const std::filesystem::path& file) {
  std::ostringstream all;
  all << std::ifstream(file, std::ios::binary).rdbuf();
  return all.str();
}

std::vector<std::span<const std::byte>> pieces(const std::string& a, const std::string& b = "") {
  return {std::as_bytes(std::span(a)), std::as_bytes(std::span(b))};
}

std::string complaint(const std::function<void()>& action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(WriteAtomically, makes_folders_and_replaces_what_was_there) {
  const TemporaryFolder folder;
  const std::string one = "one", two = "two";
  write_atomically(folder / "a/b/file", pieces(one, two));
  EXPECT_EQ(read(folder / "a/b/file"), "onetwo");
  write_atomically(folder / "a/b/file", pieces(two), Flush::no);
  EXPECT_EQ(read(folder / "a/b/file"), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "a/b"), {}), 1);
}

TEST(WriteAtomically, says_what_is_wrong_and_leaves_nothing_behind_when_it_cannot_write) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file").flush();
  const std::string text = "text";
  EXPECT_THAT(complaint([&] { write_atomically(folder / "file/below", pieces(text)); }),
              HasSubstr("cannot be written: Not a directory"));

  // A limit on the size of files is as near to a full disk as a test gets.
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string large(100'000, 'x');
  const auto message = complaint([&] { write_atomically(folder / "large", pieces(large)); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, HasSubstr((folder / "large").string() + ": cannot be written: File too"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(RemoveLeftovers, takes_those_of_the_dead_and_no_others) {
  const TemporaryFolder folder;
  const auto child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const auto name = [&](const std::string& of, int pid) {
    return "x.shard." + of + "." + std::to_string(pid) + ".tmp";
  };
  for (const auto& file : {name(host.data(), child), name(host.data(), ::getpid()),
                           name("elsewhere", child), std::string("x.shard"), std::string("y.tmp")})
    std::ofstream(folder / file).flush();
  remove_leftovers(folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder / name(host.data(), child)));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 4);
  EXPECT_NO_THROW(remove_leftovers(folder / "none"));
}

TEST(CheckSpace, refuses_what_no_disk_holds_and_names_both_sizes) {
  const TemporaryFolder folder;
  EXPECT_NO_THROW(check_space(folder / "not/yet/there", 1));
  EXPECT_THAT(complaint([&] { check_space(folder / "not/yet/there", 1e18); }),
              ::testing::AllOf(HasSubstr("about 1000000000000 MB are needed"),
                               HasSubstr("are free on that disk")));
}

}  // namespace
}  // namespace earshot::worker
