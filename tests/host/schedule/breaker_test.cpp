#include "host/schedule/breaker.hpp"

#include <gtest/gtest.h>

namespace earshot::host {
namespace {

using Parts = std::vector<std::string>;

Ending error(const std::string& text) {
  return {.state = "failed", .kind = "data", .error = text};
}

TEST(CircuitBreaker, opens_for_a_combination_that_fails_alike_again_and_again) {
  CircuitBreaker breaker(3);
  const Parts parts{"encoder 'a'", "task 't'"};
  for (int i = 0; i < 2; ++i)
    breaker.failed(parts, error("no such layer"));
  EXPECT_EQ(breaker.open(parts), "");
  breaker.failed(parts, error("no such layer"));
  EXPECT_EQ(breaker.open(parts),
            "encoder 'a', task 't' failed 3 times in the same way: no such layer");
}

TEST(CircuitBreaker, stays_closed_for_the_task_that_a_broken_encoder_was_tried_with) {
  CircuitBreaker breaker(3);
  for (int i = 0; i < 9; ++i)
    breaker.failed({"encoder 'broken'", "task 't'"}, error("boom"));
  EXPECT_EQ(breaker.open({"encoder 'good'", "task 't'"}), "");
}

TEST(CircuitBreaker, opens_for_an_encoder_that_fails_with_different_tasks) {
  CircuitBreaker breaker(3);
  for (const char* task : {"task 'a'", "task 'b'", "task 'c'"})
    breaker.failed({"encoder 'broken'", task}, error("boom"));
  EXPECT_NE(breaker.open({"encoder 'broken'", "task 'd'"}), "");
}

TEST(CircuitBreaker, stays_closed_for_what_has_succeeded_once) {
  CircuitBreaker breaker(3);
  breaker.succeeded({"encoder 'a'", "task 't'"});
  for (int i = 0; i < 9; ++i)
    breaker.failed({"encoder 'a'", "task 't'"}, error("boom"));
  EXPECT_EQ(breaker.open({"encoder 'a'", "task 't'"}), "");
}

TEST(CircuitBreaker, counts_anew_when_the_error_is_another) {
  CircuitBreaker breaker(3);
  const Parts parts{"encoder 'a'", "task 't'"};
  for (const char* text : {"x", "x", "y", "x", "x"})
    breaker.failed(parts, error(text));
  EXPECT_EQ(breaker.open(parts), "");
}

TEST(CircuitBreaker, takes_crashes_for_the_same_whatever_their_texts_say_of_place_and_amount) {
  const Parts parts{"encoder 'a'", "task 't'"};
  const auto open_after = [&](Ending ending) {
    CircuitBreaker breaker(3);
    for (const char* text : {"in cell 1", "in cell 2", "in cell 3"}) {
      ending.error = text;
      breaker.failed(parts, ending);
    }
    return !breaker.open(parts).empty();
  };
  EXPECT_TRUE(open_after({.state = "failed", .kind = "signal", .signal = 11}));
  EXPECT_TRUE(open_after({.state = "failed", .kind = "exit", .exit_code = 1}));
  EXPECT_TRUE(open_after({.state = "failed", .kind = "protocol"}));
  EXPECT_TRUE(open_after({.state = "oom"}));
  EXPECT_TRUE(open_after({.state = "timeout"}));
  EXPECT_FALSE(open_after({.state = "failed", .kind = "data"}));
}

TEST(CircuitBreaker, tells_one_signal_from_another) {
  CircuitBreaker breaker(2);
  const Parts parts{"encoder 'a'", "task 't'"};
  for (const int signal : {11, 6, 11, 6})
    breaker.failed(parts, {.state = "failed", .kind = "signal", .signal = signal});
  EXPECT_EQ(breaker.open(parts), "");
}

}  // namespace
}  // namespace earshot::host
