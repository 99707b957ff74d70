#include "worker/cache/shard_writer.hpp"

#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>

#include "temporary_folder.hpp"

namespace earshot::worker {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::TemporaryFolder;

ComputedShard shard_of(std::size_t source, const std::filesystem::path& file) {
  return {source, file, {.key = "key", .dtype = "float32", .width = 1}, {}};
}

class ShardWriterTest : public ::testing::Test {
 protected:
  ShardWriter writer(std::chrono::milliseconds check_takes) {
    return {[this, check_takes](const std::set<std::size_t>& sources) {
              std::this_thread::sleep_for(check_takes);
              checked_.push_back(sources);
              if (changed_) throw std::runtime_error("changed");
            },
            [this](const ComputedShard& shard) { written_.push_back(shard.file.filename()); }};
  }

  TemporaryFolder folder_;
  std::vector<std::set<std::size_t>> checked_;
  std::vector<std::string> written_;
  bool changed_ = false;
};

TEST_F(ShardWriterTest, writes_each_shard_at_once_if_checks_take_no_time) {
  auto out = writer(0ms);
  out.add(shard_of(0, folder_ / "a"));
  std::this_thread::sleep_for(1ms);
  out.add(shard_of(1, folder_ / "b"));
  EXPECT_THAT(written_, ElementsAre("a", "b"));
  EXPECT_TRUE(exists(folder_ / "a"));
  EXPECT_THAT(checked_, ElementsAre(std::set<std::size_t>{0}, std::set<std::size_t>{1}));
}

TEST_F(ShardWriterTest, lets_shards_wait_while_checks_would_take_most_of_the_time) {
  auto out = writer(1s);  // the next check is due nine seconds later
  out.add(shard_of(0, folder_ / "a"));
  out.add(shard_of(0, folder_ / "b"));
  out.add(shard_of(2, folder_ / "c"));
  EXPECT_THAT(written_, ElementsAre("a"));
  EXPECT_FALSE(exists(folder_ / "b"));
  out.write();
  EXPECT_THAT(written_, ElementsAre("a", "b", "c"));
  EXPECT_THAT(checked_, ElementsAre(std::set<std::size_t>{0}, std::set<std::size_t>{0, 2}));
}

TEST_F(ShardWriterTest, writes_nothing_that_was_computed_from_what_has_changed) {
  auto out = writer(0ms);
  changed_ = true;
  EXPECT_THROW(out.add(shard_of(0, folder_ / "a")), std::runtime_error);
  EXPECT_FALSE(exists(folder_ / "a"));
  changed_ = false;
  out.write();
  EXPECT_THAT(written_, ElementsAre("a"));
}

}  // namespace
}  // namespace earshot::worker
