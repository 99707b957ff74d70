#include <cmath>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <lib/learn/changes.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {
namespace {

using ::testing::ElementsAre;

at::Tensor lengths(std::vector<std::int64_t> frames) {
  return at::tensor(frames);
}

TEST(ChangedCodes, are_the_share_of_frames_in_each_codebook) {
  const CodeBatch one{.codes = at::tensor({1, 2, 3, 4, 5, 6, 7, 8}, at::kLong).view({1, 2, 4}),
                      .lengths = lengths({4})};
  const CodeBatch two{.codes = at::tensor({1, 2, 0, 4, 0, 0, 0, 8}, at::kLong).view({1, 2, 4}),
                      .lengths = lengths({4})};
  EXPECT_THAT(changed_codes(one, 0, two, 0), ElementsAre(0.25, 0.75));
  EXPECT_THAT(changed_codes(one, 0, one, 0), ElementsAre(0, 0));
}

TEST(ChangedCodes, leave_out_padding_and_frames_that_one_clip_lacks) {
  const CodeBatch one{.codes = at::tensor({1, 2, 0, 0, 9, 9, 9, 9}, at::kLong).view({2, 1, 4}),
                      .lengths = lengths({2, 4})};
  const CodeBatch two{.codes = at::tensor({1, 2, 3, 9, 9, 1}, at::kLong).view({2, 1, 3}),
                      .lengths = lengths({3, 3})};
  EXPECT_THAT(changed_codes(one, 0, two, 0), ElementsAre(0));  // two frames
  EXPECT_THAT(changed_codes(one, 1, two, 1), ElementsAre(::testing::DoubleNear(1.0 / 3, 1e-12)));
}

TEST(ChangedCodes, need_as_many_codebooks) {
  const CodeBatch one{.codes = at::zeros({1, 2, 4}, at::kLong), .lengths = lengths({4})};
  const CodeBatch two{.codes = at::zeros({1, 3, 4}, at::kLong), .lengths = lengths({4})};
  EXPECT_THROW(changed_codes(one, 0, two, 0), ContractError);
}

TEST(FeatureDistance, is_the_mean_over_frames_of_the_euclidean_distance) {
  const FeatureBatch one{.values = at::zeros({1, 3, 2}), .lengths = lengths({3})};
  FeatureBatch two{.values = at::zeros({1, 3, 2}), .lengths = lengths({3})};
  two.values[0][0][0] = 3;
  two.values[0][0][1] = 4;
  two.values[0][2][1] = -1;
  EXPECT_NEAR(feature_distance(one, 0, two, 0), 2, 1e-12);
  EXPECT_EQ(feature_distance(one, 0, one, 0), 0);
  two.lengths = lengths({2});
  EXPECT_NEAR(feature_distance(one, 0, two, 0), 2.5, 1e-12);
}

TEST(FeatureDistance, is_computed_in_float64_for_any_type) {
  // In float16 the square of 300 is infinite.
  const FeatureBatch one{.values = at::full({1, 1, 4}, 300, at::kHalf), .lengths = lengths({1})};
  const FeatureBatch two{.values = at::zeros({1, 1, 4}, at::kHalf), .lengths = lengths({1})};
  EXPECT_NEAR(feature_distance(one, 0, two, 0), 600, 1e-9);
}

TEST(FeatureDistance, needs_features_of_one_width) {
  const FeatureBatch one{.values = at::zeros({1, 3, 2}), .lengths = lengths({3})};
  const FeatureBatch two{.values = at::zeros({1, 3, 1}), .lengths = lengths({3})};
  EXPECT_THROW(feature_distance(one, 0, two, 0), ContractError);
}

}  // namespace
}  // namespace earshot::kit
