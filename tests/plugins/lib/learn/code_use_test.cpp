#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <lib/learn/code_use.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Two codebooks of 4 and 8 entries.
CodeBatch batch(const at::Tensor& codes, const at::Tensor& lengths) {
  return {.codes = codes, .lengths = lengths, .spec = {.frame_rate = 10, .sizes = {4, 8}}};
}

TEST(CodeUse, counts_the_entries_of_each_codebook_over_all_valid_frames) {
  CodeUse use;
  use.add(batch(at::tensor({0, 1, 3, 5, 5, 7}, at::kLong).view({1, 2, 3}), at::tensor({2L})));
  use.add(
      batch(at::tensor({2, 3, 5, 5, 0, 0, 6, 6}, at::kLong).view({2, 2, 2}), at::tensor({2L, 1L})));
  // 0, 1, 2, 3, 0 and 5, 5, 5, 5, 6: the third frame of the first clip is padding.
  EXPECT_THAT(use.shares(), ElementsAre(1, 0.25));
  const auto bits = [](double share) { return -share * std::log2(share); };
  EXPECT_THAT(use.entropies(), ElementsAre(DoubleNear(bits(0.4) + 3 * bits(0.2), 1e-12),
                                           DoubleNear(bits(0.8) + bits(0.2), 1e-12)));
}

TEST(CodeUse, has_an_entropy_from_zero_to_the_bits_of_an_entry) {
  CodeUse constant, even;
  constant.add(batch(at::full({1, 2, 6}, 3, at::kLong), at::tensor({6L})));
  EXPECT_THAT(constant.entropies(), ElementsAre(0, 0));
  EXPECT_FALSE(std::signbit(constant.entropies().front()));
  const auto counted = at::arange(8, at::kLong);
  even.add(batch(at::stack({counted.remainder(4), counted}).unsqueeze(0), at::tensor({8L})));
  EXPECT_THAT(even.entropies(), ElementsAre(DoubleNear(2, 1e-12), DoubleNear(3, 1e-12)));
}

TEST(CodeUse, needs_as_many_codebooks_in_all_clips) {
  CodeUse use;
  use.add(batch(at::zeros({1, 2, 1}, at::kLong), at::tensor({1L})));
  EXPECT_THROW(use.add({.codes = at::zeros({1, 1, 1}, at::kLong),
                        .lengths = at::tensor({1L}),
                        .spec = {.sizes = {4}}}),
               ContractError);
}

TEST(FirstLevels, are_the_coarsest_and_no_more_than_there_are) {
  const auto all = batch(at::arange(6, at::kLong).view({1, 2, 3}), at::tensor({3L}));
  EXPECT_TRUE(at::equal(first_levels(all, 0).codes, all.codes));
  const auto first = first_levels(all, 1);
  EXPECT_TRUE(at::equal(first.codes, at::arange(3, at::kLong).view({1, 1, 3})));
  EXPECT_THAT(first.spec.sizes, ElementsAre(4));
  EXPECT_THAT([&] { first_levels(all, 3); },
              ThrowsMessage<ConfigError>(HasSubstr("levels is 3; allowed: 1 to 2")));
}

TEST(OfLevel, names_codebooks_in_the_order_of_their_numbers) {
  EXPECT_EQ(of_level("entropy", 0), "entropy_01");
  EXPECT_EQ(of_level("entropy", 9), "entropy_10");
}

}  // namespace
}  // namespace earshot::kit
