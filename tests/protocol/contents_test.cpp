#include "protocol/contents.hpp"

#include <gtest/gtest.h>

#include "files.hpp"
#include "protocol/hash.hpp"
#include "temporary_folder.hpp"

namespace earshot::protocol {
namespace {

using testing::TemporaryFolder;
using testing::wait_until_settled;
using testing::write;

TEST(Contents, of_a_folder_are_found_by_one_walk_until_a_folder_changes) {
  const TemporaryFolder folder;
  write(folder / "deep/a.npy", "1");
  write(folder / "deep/b.npy", "2");
  wait_until_settled();
  const Contents all{folder.path(), {}};
  const auto before = folder_walks();
  const auto planned = all.stamps();
  EXPECT_FALSE(planned.empty());
  for (int shard = 0; shard < 3; ++shard)
    EXPECT_EQ(all.stamps(), planned);
  EXPECT_FALSE(all.hash(sha256_file).empty());
  EXPECT_EQ(folder_walks(), before + 1);

  write(folder / "deep/b.npy", "3");  // in place: no folder shows it
  EXPECT_EQ(all.stamps(), "");
  wait_until_settled();
  const auto changed = all.stamps();
  EXPECT_NE(changed, planned);
  EXPECT_NE(changed, "");
  EXPECT_EQ(folder_walks(), before + 1);

  write(folder / "deep/c.npy", "4");
  wait_until_settled();
  EXPECT_NE(all.stamps(), changed);
  EXPECT_EQ(folder_walks(), before + 2);
  std::filesystem::remove(folder / "deep/c.npy");
  wait_until_settled();
  EXPECT_EQ(all.stamps(), changed);
  EXPECT_EQ(folder_walks(), before + 3);
}

TEST(Contents, with_a_link_to_nothing_are_looked_for_each_time) {
  const TemporaryFolder folder, elsewhere;
  write(folder / "a", "1");
  std::filesystem::create_symlink(elsewhere / "b", folder / "b");
  wait_until_settled();
  const Contents all{folder.path(), {}};
  const auto without = all.stamps();
  write(elsewhere / "b", "2");
  wait_until_settled();
  EXPECT_NE(all.stamps(), without);
}

}  // namespace
}  // namespace earshot::protocol
