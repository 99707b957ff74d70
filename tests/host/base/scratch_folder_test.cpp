#include "host/base/scratch_folder.hpp"

#include <fstream>
#include <optional>

#include <gtest/gtest.h>

#include "temporary_folder.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

TEST(ScratchFolder, is_new_and_removed_with_its_content) {
  const testing::TemporaryFolder parent;
  std::optional<ScratchFolder> first(std::in_place, parent.path(), "answer-");
  const ScratchFolder second(parent.path(), "answer-");
  const auto path = first->path();
  EXPECT_NE(path, second.path());
  EXPECT_EQ(path.parent_path(), parent.path());
  EXPECT_EQ(path.filename().string().substr(0, 7), "answer-");
  fs::create_directory(*first / "inner");
  std::ofstream(*first / "inner" / "file") << "text";
  first.reset();
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(second.path()));
}

TEST(ScratchFolder, needs_a_parent) {
  const testing::TemporaryFolder parent;
  EXPECT_THROW(ScratchFolder(parent / "missing", "x-"), fs::filesystem_error);
}

}  // namespace
}  // namespace earshot::host
