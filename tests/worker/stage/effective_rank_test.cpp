#include "worker/stage/effective_rank.hpp"

#include <cmath>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stage_test.hpp"
#include "worker/stage/features_stage.hpp"
#include "worker/stage/opened.hpp"

namespace earshot::worker {
namespace {

using ::testing::DoubleNear;
using ::testing::Optional;

/// Zero-mean frames with these singular values.
at::Tensor frames_of(const std::vector<double>& values) {
  const auto size = static_cast<std::int64_t>(values.size());
  auto frames = at::zeros({2 * size, size}, at::kDouble);
  for (std::int64_t d = 0; d < size; ++d) {
    frames[2 * d][d] = values[static_cast<std::size_t>(d)] / std::sqrt(2);
    frames[2 * d + 1][d] = -values[static_cast<std::size_t>(d)] / std::sqrt(2);
  }
  return frames;
}

TEST(EffectiveRank, is_the_number_of_directions_that_vary_alike) {
  EXPECT_THAT(effective_rank(frames_of({3, 3, 3, 3, 3})), Optional(DoubleNear(5, 1e-9)));
  EXPECT_THAT(effective_rank(frames_of({3, 3, 0, 0, 0})), Optional(DoubleNear(2, 1e-6)));
}

TEST(EffectiveRank, is_exp_of_the_entropy_of_the_singular_values) {
  const double entropy = -(0.75 * std::log(0.75) + 0.25 * std::log(0.25));
  const auto frames = frames_of({6, 2});
  EXPECT_THAT(effective_rank(frames), Optional(DoubleNear(std::exp(entropy), 1e-9)));
  EXPECT_THAT(effective_rank(frames * 1e-3 + 70), Optional(DoubleNear(std::exp(entropy), 1e-6)))
      << "neither level nor mean count";
  EXPECT_THAT(effective_rank(at::cat({frames, at::zeros({4, 30}, at::kDouble)}, 1)),
              Optional(DoubleNear(std::exp(entropy), 1e-6)))
      << "more values than frames";
}

TEST(EffectiveRank, is_not_defined_where_nothing_varies) {
  EXPECT_FALSE(effective_rank(at::empty({0, 3})));
  EXPECT_FALSE(effective_rank(at::ones({1, 3})));
  EXPECT_FALSE(effective_rank(at::ones({9, 3})));
}

TEST(EffectiveRank, comes_with_features_and_not_with_codes) {
  const TemporaryFolder cache;
  auto request = features_request(cache.path());
  request.sources.push_back({.encoder = component("frames"), .key = "codes", .codes = true});
  protocol::FeaturesResult result;
  Events([&](Session& session) { result = features_stage(request, session); });
  const auto& features = result.encoders.at(0);
  ASSERT_TRUE(features.effective_rank);
  EXPECT_GT(*features.effective_rank, 1);
  EXPECT_LE(*features.effective_rank, 2);
  EXPECT_GT(features.peak_bytes, 1 << 20);
  EXPECT_FALSE(result.encoders.at(1).effective_rank);

  const auto dataset = open_dataset(request.dataset);
  const auto reader = dataset->features(request.cache, request.sources[0].key);
  const auto sample = sample_of_frames(dataset->view, *reader);
  EXPECT_LE(sample.size(0), 4096);
  EXPECT_GT(sample.size(0), dataset->view.size(Split::train));
  EXPECT_TRUE(at::equal(sample, sample_of_frames(dataset->view, *reader)));
}

}  // namespace
}  // namespace earshot::worker
