#include "host/export/folder.hpp"

#include "../store/fixture.hpp"
#include "files.hpp"

namespace earshot::host {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
namespace fs = std::filesystem;

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(ExportFolder, shows_its_files_only_when_it_is_finished) {
  const TemporaryFolder there;
  const auto out = there / "new/out/";
  {
    ExportFolder folder(out, false);
    folder.write("a/b.json", "1");
    EXPECT_FALSE(fs::exists(out / "a"));
    folder.finish();
  }
  EXPECT_EQ(earshot::testing::text_of(out / "a/b.json"), "1");
  EXPECT_EQ(entries(out), 1U) << "nothing else is left";
}

TEST(ExportFolder, leaves_nothing_behind_if_an_export_fails) {
  const TemporaryFolder there;
  {
    ExportFolder folder(there / "out/", false);
    folder.write("b.json", "1");
  }
  EXPECT_FALSE(fs::exists(there / "out"));
}

TEST(ExportFolder, replaces_files_only_where_that_is_asked_for) {
  const TemporaryFolder there;
  std::ofstream(there / "x.json") << "mine";
  fs::create_directory(there / "y.json");
  ExportFolder careful(there.path(), false);
  EXPECT_THAT(failure_of([&] { careful.write("x.json", "1"); }, ExitCode::usage),
              HasSubstr("already exists. Give another folder, or --force"));
  ExportFolder forced(there.path(), true);
  EXPECT_THAT(failure_of([&] { forced.write("y.json", "1"); }, ExitCode::usage),
              HasSubstr("not a regular file"));
  forced.write("x.json", "2");
  EXPECT_EQ(earshot::testing::text_of(there / "x.json"), "mine");
  forced.finish();
  EXPECT_EQ(earshot::testing::text_of(there / "x.json"), "2");
}

TEST(ExportFolder, says_why_it_cannot_be_created) {
  const TemporaryFolder there;
  std::ofstream(there / "file") << "x";
  EXPECT_THAT(failure_of([&] { ExportFolder folder(there / "file/out", false); }, ExitCode::usage),
              HasSubstr("cannot be created"));
}

TEST(FileNames, show_a_text_and_are_safe_whatever_it_contains) {
  EXPECT_EQ(file_name_of("mimi+linear,levels=4"), "mimi+linear,levels=4");
  EXPECT_EQ(file_name_of("../x"), "%2E.%2Fx");
  EXPECT_EQ(file_name_of("a<b>\n\xE2\x80\xAE"), "a%3Cb%3E%0A%E2%80%AE");
  EXPECT_EQ(file_name_of(""), "%");
  const std::string longer(10'000, 'x');
  EXPECT_LE(file_name_of(longer).size(), 120U);
  EXPECT_NE(file_name_of(longer), file_name_of(longer + 'x'));
}

}  // namespace
}  // namespace earshot::host
