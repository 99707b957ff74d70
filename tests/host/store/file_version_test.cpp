#include "host/store/file_version.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include "read_models.hpp"

namespace earshot::host {
namespace {

TEST_F(ReadModels, file_version_tells_whether_others_have_written) {
  const Store reader(folder / "results.db", Store::Mode::read);
  const auto before = file_version(reader);
  EXPECT_EQ(file_version(reader), before);
  finish(0);
  const auto after = file_version(reader);
  EXPECT_NE(after, before);
  EXPECT_EQ(file_version(reader), after);
}

TEST_F(ReadModels, reading_can_be_interrupted_and_begun_again) {
  const Store reader(folder / "results.db", Store::Mode::read);
  std::atomic<bool> ended{false};
  std::thread other([&] {
    while (!ended) {
      interrupt_reading(reader);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  const auto endless =
      "(WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i) SELECT n FROM i)";
  EXPECT_THAT(failure_of([&] { count(reader, endless); }), ::testing::HasSubstr("interrupted"));
  ended = true;
  other.join();
  EXPECT_EQ(count(reader, "experiment"), 1);
}

}  // namespace
}  // namespace earshot::host
