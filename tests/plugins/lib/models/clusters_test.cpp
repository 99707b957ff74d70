#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/models/clusters.hpp>

#include "noise.hpp"

namespace {

using earshot::kit::Clusters;
using earshot::kit::code_usage;

TEST(CodeUsage, is_the_mean_over_codebooks_of_share_and_perplexity) {
  const auto even = at::ones({8}, at::kDouble);
  const auto two = at::tensor({3.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0}, at::kDouble);
  EXPECT_NEAR(code_usage(even).share.item<double>(), 1, 1e-6);
  EXPECT_NEAR(code_usage(even).perplexity.item<double>(), 8, 1e-5);
  const auto both = code_usage(at::stack({even, two}));
  EXPECT_NEAR(both.share.item<double>(), (1 + 0.25) / 2, 1e-6);
  EXPECT_NEAR(both.perplexity.item<double>(), (8 + 2) / 2.0, 1e-5);
  EXPECT_EQ(code_usage(at::zeros({8})).share.item<double>(), 0);
}

TEST(AddByCode, adds_rows_to_the_sums_of_their_codes) {
  const auto rows = noise({50, 3}, 1);
  const auto codes = at::arange(50, at::kLong).remainder(4);
  auto sums = at::zeros({5, 3}, at::kDouble);
  earshot::kit::add_by_code(rows, codes, sums);
  const auto chosen = at::one_hot(codes, 5).to(at::kDouble);
  EXPECT_LE(difference(sums, chosen.t().mm(rows.to(at::kDouble))), 1e-12);
}

TEST(Clusters, that_nothing_chooses_move_to_frames_far_from_all_others) {
  at::manual_seed(1);
  const auto start = at::zeros({3, 2}).index_put_({at::tensor({1}), at::tensor({0})}, 5.0F);
  Clusters clusters(start, /*decay=*/1);
  const auto numbers = at::tensor({4.0, 4.0, 0.0}, at::kDouble);
  const auto sums = at::tensor({0.0, 0.0, 20.0, 0.0, 0.0, 0.0}, at::kDouble).view({3, 2});
  clusters.update(numbers, sums);
  EXPECT_EQ(clusters.dead(4).size(0), 0) << "8 / 3 frames are expected of each";
  clusters.update(numbers, sums);
  ASSERT_EQ(clusters.dead(4).size(0), 1);
  const auto frames = at::tensor({0.0F, 0.0F, 5.0F, 0.1F, -40.0F, 3.0F}, at::kFloat).view({3, 2});
  clusters.revive(4, frames.narrow(0, 0, 0));
  EXPECT_EQ(clusters.dead(4).size(0), 1) << "there are no frames";
  clusters.revive(4, frames);
  EXPECT_EQ(clusters.dead(4).size(0), 0);
  EXPECT_TRUE(at::equal(clusters.centroids()[2], frames[2]));
  EXPECT_TRUE(at::equal(clusters.centroids()[0], start[0]));
}

}  // namespace
