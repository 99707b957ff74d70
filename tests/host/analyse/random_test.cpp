#include "random_experiments.hpp"

namespace earshot::host {
namespace {

TEST(Random, experiments_are_compared_like_a_reference_that_tries_all_pairs) {
  RandomResults results;
  for (std::uint64_t seed = 0; seed < 300 && !::testing::Test::HasFailure(); ++seed)
    check_random_experiment(results, seed);
}

}  // namespace
}  // namespace earshot::host
