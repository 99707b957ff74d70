#include "random_experiments.hpp"

namespace earshot::host {
namespace {

TEST(RandomSimulation,
     ten_thousand_experiments_are_compared_like_a_reference_that_tries_all_pairs) {
  RandomResults results;
  for (std::uint64_t seed = 1000; seed < 11000 && !::testing::Test::HasFailure(); ++seed)
    check_random_experiment(results, seed);
}

}  // namespace
}  // namespace earshot::host
