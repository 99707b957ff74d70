#include "host/weights/source.hpp"

#include <gmock/gmock.h>

#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

TEST(HubSource, has_an_owner_a_repository_a_file_and_a_revision) {
  const auto plain = parse_hub_source("hf://kyutai/mimi");
  EXPECT_EQ(plain.repository(), "kyutai/mimi");
  EXPECT_EQ(plain.path, "");
  EXPECT_EQ(plain.revision, "main");
  const auto file = parse_hub_source("hf://microsoft/msclap/sub/CLAP_weights_2023.pth@v1.0");
  EXPECT_EQ(file.repository(), "microsoft/msclap");
  EXPECT_EQ(file.path, "sub/CLAP_weights_2023.pth");
  EXPECT_EQ(file.revision, "v1.0");
  EXPECT_EQ(parse_hub_source("hf://laion/clap@refs/pr/3").revision, "refs/pr/3");
}

TEST(HubSource, is_written_as_it_was_read) {
  for (const auto* text : {"hf://a/b", "hf://a/b/c/d.bin", "hf://a/b@0123", "hf://a/b/c@refs/pr/1"})
    EXPECT_EQ(parse_hub_source(text).text(), text);
  EXPECT_EQ(parse_hub_source("hf://a/b@main").text(), "hf://a/b");
}

class HostileSource : public ::testing::TestWithParam<const char*> {};

TEST_P(HostileSource, is_refused) {
  try {
    parse_hub_source(GetParam());
    FAIL() << GetParam();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), ExitCode::usage);
    EXPECT_THAT(failure.what(), ::testing::StartsWith(std::string("'") + GetParam() + "': "));
    EXPECT_THAT(failure.what(), ::testing::HasSubstr("allowed is hf://owner/repo"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, HostileSource,
    ::testing::Values("hf://", "hf://a", "hf://a/", "hf:///b", "hf://a/../../x", "hf://../b",
                      "hf://a/..", "hf://a/b/../c", "hf://a/b//c", "hf://a/b/", "hf://a/b/./c",
                      "hf://a/b/c\\d", "hf://a/b/c\nd", "hf://a--b/c", "hf://a/b--c", "hf://-a/b",
                      "hf://a/b.", "hf://a b/c", "hf://a/b?x", "hf://a/b@", "hf://a/b@../../x",
                      "hf://a/b@/etc", "hf://a/b@-x", "hf://a/b@x/../../y"));

}  // namespace
}  // namespace earshot::host
