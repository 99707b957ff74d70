#include <numeric>

#include <gmock/gmock.h>
#include <lib/learn/share.hpp>

#include <earshot/error.hpp>

namespace {

using earshot::kit::Share;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Share, of_all_processes_together_is_the_batch_in_its_order) {
  for (const std::int64_t size : {1, 4, 7, 16})
    for (std::int64_t count = 1; count <= size; ++count) {
      std::vector<std::int64_t> batch(static_cast<std::size_t>(size)), joined;
      std::iota(batch.begin(), batch.end(), 100);
      for (std::int64_t index = 0; index < count; ++index) {
        const auto own = Share{index, count}.of(batch);
        EXPECT_GE(std::ssize(own), size / count);
        EXPECT_LE(std::ssize(own), (size + count - 1) / count);
        joined.insert(joined.end(), own.begin(), own.end());
      }
      EXPECT_EQ(joined, batch);
    }
}

TEST(Share, of_too_small_a_batch_is_refused) {
  EXPECT_THAT(
      ([] {
        Share{0, 3}.of({1, 2});
      }),
      ThrowsMessage<earshot::ConfigError>(HasSubstr("processes is 3, and a batch has 2 items")));
}

}  // namespace
