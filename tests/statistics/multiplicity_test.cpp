#include "statistics/multiplicity.hpp"

#include <gmock/gmock.h>

namespace earshot::statistics {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<double> four{0.01, 0.04, 0.03, 0.005};

TEST(Multiplicity, holm_multiplies_the_smallest_by_all_and_never_falls) {
  EXPECT_THAT(holm(four), ElementsAre(DoubleNear(0.03, 1e-12), DoubleNear(0.06, 1e-12),
                                      DoubleNear(0.06, 1e-12), DoubleNear(0.02, 1e-12)));
}

TEST(Multiplicity, benjamini_hochberg_divides_by_the_rank_and_never_falls) {
  EXPECT_THAT(benjamini_hochberg(four),
              ElementsAre(DoubleNear(0.02, 1e-12), DoubleNear(0.04, 1e-12), DoubleNear(0.04, 1e-12),
                          DoubleNear(0.02, 1e-12)));
}

TEST(Multiplicity, stays_at_most_1_and_takes_nothing_and_one) {
  EXPECT_THAT(holm(std::vector<double>{0.9, 0.8}), ElementsAre(1, 1));
  EXPECT_THAT(benjamini_hochberg(std::vector<double>{0.9, 0.8}), ElementsAre(0.9, 0.9));
  EXPECT_THAT(holm(std::vector<double>{}), IsEmpty());
  EXPECT_THAT(benjamini_hochberg(std::vector<double>{0.2}), ElementsAre(0.2));
}

}  // namespace
}  // namespace earshot::statistics
