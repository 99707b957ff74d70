#include "host/schedule/attempt.hpp"

#include <sstream>

#include <gtest/gtest.h>

#include "host/base/failure.hpp"
#include "small_plan.hpp"

namespace earshot::host {
namespace {

TEST(AttemptLog, is_there_with_its_header_before_anything_is_written) {
  const TemporaryFolder folder;
  const AttemptLog log(folder / "deep/er/a", 1, "earshot: room, attempt 1");
  EXPECT_EQ(text_of(folder / "deep/er/a-1.log"), "earshot: room, attempt 1\n");
}

TEST(AttemptLog, keeps_the_beginning_and_the_end_of_a_flood_and_says_what_is_missing) {
  const TemporaryFolder folder;
  {
    AttemptLog log(folder / "a", 1, "head", 100);
    log.write("first words");
    for (int i = 0; i < 1000; ++i)
      log.write("0123456789");
    log.write("last words");
  }
  const auto text = text_of(folder / "a-1.log");
  EXPECT_LT(text.size(), 200u);
  EXPECT_EQ(text.find("head\nfirst words"), 0u);
  EXPECT_NE(text.find("[... 9921 bytes left out ...]"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("last words"));
}

TEST(AttemptLog, leaves_nothing_out_below_its_cap) {
  const TemporaryFolder folder;
  AttemptLog log(folder / "a", 1, "head", 100);
  log.write(std::string(60, 'a'));
  log.write(std::string(40, 'b'));
  log.close();
  EXPECT_EQ(text_of(folder / "a-1.log"), "head\n" + std::string(60, 'a') + std::string(40, 'b'));
}

TEST(AttemptLog, leaves_a_log_that_is_there_as_it_is) {
  const TemporaryFolder folder;
  for (const auto* head : {"first", "second", "third"}) {
    const AttemptLog log(folder / "a", 1, head);
  }
  EXPECT_EQ(text_of(folder / "a-1.log"), "first\n");
  EXPECT_EQ(text_of(folder / "a-2.log"), "second\n");
  EXPECT_EQ(text_of(folder / "a-3.log"), "third\n");
}

TEST(AttemptLog, cannot_be_written_into_a_file) {
  const TemporaryFolder folder;
  { const AttemptLog log(folder / "a", 1, "head"); }
  EXPECT_THROW(AttemptLog(folder / "a-1.log/b", 1, "head"), Failure);
}

}  // namespace
}  // namespace earshot::host
