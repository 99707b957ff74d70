#include "worker/cache/clip_index.hpp"

#include <gtest/gtest.h>

#include "files.hpp"
#include "protocol/json.hpp"
#include "temporary_folder.hpp"

namespace earshot::worker {
namespace {

using protocol::Json;
using testing::TemporaryFolder;
using testing::text_of;

const ClipIndex three_clips{{"ab", "cd"}, {{0, -1}, {1, 2}, {-1, -1}}};

TEST(ClipIndex, has_the_clips_of_each_item_and_the_shards_in_order) {
  const TemporaryFolder cache;
  write_clip_index(cache.path(), "encoder", "scenes", false, three_clips);
  EXPECT_EQ(Json::parse(text_of(cache / "features/encoder/scenes.clips")),
            Json::parse(R"({"shards": ["ab", "cd"], "items": [[0], [1, 2], [-1]]})"));
}

TEST(ClipIndex, of_a_limited_dataset_leaves_that_of_the_whole_one_alone) {
  const TemporaryFolder cache;
  write_clip_index(cache.path(), "encoder", "scenes", false, three_clips);
  write_clip_index(cache.path(), "encoder", "scenes", true, {{"ef"}, {{0, -1}}});
  write_clip_index(cache.path(), "encoder", "scenes", true, {{"01"}, {{0, -1}}});
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(cache / "features/encoder"))
    files += entry.path().filename().string().starts_with("scenes") ? 1 : 0;
  EXPECT_EQ(files, 3);
  EXPECT_EQ(Json::parse(text_of(cache / "features/encoder/scenes.clips")).at("shards").size(), 2u);
}

TEST(ClipIndex, is_not_missed_where_it_cannot_be_written) {
  const TemporaryFolder folder;
  testing::write(folder / "file", "not a folder");
  EXPECT_NO_THROW(write_clip_index(folder / "file", "encoder", "scenes", false, three_clips));
}

}  // namespace
}  // namespace earshot::worker
