#include "host/schedule/breaker.hpp"

#include <gtest/gtest.h>

namespace earshot::host {
namespace {

using Parts = std::vector<std::string>;

TEST(CircuitBreaker, opens_for_a_combination_that_fails_alike_again_and_again) {
  CircuitBreaker breaker(3);
  const Parts parts{"encoder 'a'", "task 't'"};
  for (int i = 0; i < 2; ++i)
    breaker.failed(parts, "no such layer");
  EXPECT_EQ(breaker.open(parts), "");
  breaker.failed(parts, "no such layer");
  EXPECT_EQ(breaker.open(parts),
            "encoder 'a', task 't' failed 3 times the same way: no such layer");
}

TEST(CircuitBreaker, stays_closed_for_the_task_that_a_broken_encoder_was_tried_with) {
  CircuitBreaker breaker(3);
  for (int i = 0; i < 9; ++i)
    breaker.failed({"encoder 'broken'", "task 't'"}, "boom");
  EXPECT_EQ(breaker.open({"encoder 'good'", "task 't'"}), "");
}

TEST(CircuitBreaker, opens_for_an_encoder_that_fails_with_different_tasks) {
  CircuitBreaker breaker(3);
  for (const char* task : {"task 'a'", "task 'b'", "task 'c'"})
    breaker.failed({"encoder 'broken'", task}, "boom");
  EXPECT_NE(breaker.open({"encoder 'broken'", "task 'd'"}), "");
}

TEST(CircuitBreaker, stays_closed_for_what_has_succeeded_once) {
  CircuitBreaker breaker(3);
  breaker.succeeded({"encoder 'a'", "task 't'"});
  for (int i = 0; i < 9; ++i)
    breaker.failed({"encoder 'a'", "task 't'"}, "boom");
  EXPECT_EQ(breaker.open({"encoder 'a'", "task 't'"}), "");
}

TEST(CircuitBreaker, counts_anew_when_the_error_is_another) {
  CircuitBreaker breaker(3);
  const Parts parts{"encoder 'a'", "task 't'"};
  for (const char* error : {"x", "x", "y", "x", "x"})
    breaker.failed(parts, error);
  EXPECT_EQ(breaker.open(parts), "");
}

}  // namespace
}  // namespace earshot::host
