#include "kills.hpp"

namespace earshot::testing {
namespace {

TEST(ResumeSlow, after_a_kill_at_fifty_moments_gives_the_same_bits) {
  kill_and_resume(50, 2);
}

}  // namespace
}  // namespace earshot::testing
