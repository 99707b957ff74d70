#include "evaluators/token_lm/code_model.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>

namespace token_lm {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// A model whose heads have learnt something: random weights instead of zeros.
CodeModel random_model(const std::vector<std::int64_t>& sizes) {
  CodeModel model({.sizes = sizes, .width = 16, .layers = 2, .heads = 2}, 1, at::kCPU);
  const at::NoGradGuard no_grad;
  at::manual_seed(7);
  for (const auto& [name, tensor] : model.parameters())
    if (name.starts_with("head.")) tensor.copy_(at::randn(tensor.sizes()));
  return model;
}

TEST(CodeModel, takes_all_entries_to_be_equally_likely_before_it_has_learnt) {
  const at::NoGradGuard no_grad;
  const CodeModel model({.sizes = {16, 4}, .width = 16, .layers = 1, .heads = 1}, 1, at::kCPU);
  const auto log_probs = model.log_probs(at::zeros({1, 2, 5}, at::kLong));
  EXPECT_TRUE(at::allclose(log_probs[0][0], at::full({5}, -std::log(16.0), at::kFloat)));
  EXPECT_TRUE(at::allclose(log_probs[0][1], at::full({5}, -std::log(4.0), at::kFloat)));
}

TEST(CodeModel, gives_probabilities_that_sum_to_one_over_all_texts) {
  const at::NoGradGuard no_grad;
  const auto model = random_model({3, 2});
  std::vector<std::int64_t> all;  // two frames of two codebooks: 36 texts
  for (std::int64_t a = 0; a < 36; ++a)
    for (const auto code : {a / 12, a / 6 % 2, a / 2 % 3, a % 2})
      all.push_back(code);
  const auto codes = at::tensor(all, at::kLong).view({36, 2, 2}).transpose(1, 2).contiguous();
  const auto texts = model.log_probs(codes).sum({1, 2}).exp();
  EXPECT_NEAR(texts.sum().item<double>(), 1, 1e-5);
  EXPECT_GT(texts.max().item<double>(), 2.0 / 36);  // it does have preferences
}

TEST(CodeModel, predicts_from_earlier_codes_and_coarser_ones_of_the_same_frame) {
  const at::NoGradGuard no_grad;
  const auto model = random_model({8, 8});
  const auto codes = at::arange(12, at::kLong).remainder(8).view({1, 2, 6});
  const auto before = model.log_probs(codes);
  auto changed = codes.clone();
  changed[0][1][3] = 7 - changed[0][1][3].item<std::int64_t>();
  const auto after = model.log_probs(changed);
  EXPECT_TRUE(at::equal(before.narrow(2, 0, 3), after.narrow(2, 0, 3)));
  EXPECT_TRUE(at::equal(before[0][0][3], after[0][0][3]));  // the coarser code of the frame
  EXPECT_FALSE(at::equal(before[0][0][4], after[0][0][4]));
  EXPECT_FALSE(at::equal(before[0][1][4], after[0][1][4]));
}

TEST(CodeModel, sees_the_code_before_and_not_only_older_ones) {
  const at::NoGradGuard no_grad;
  const auto model = random_model({8, 8});
  const auto codes = at::zeros({1, 2, 2}, at::kLong);
  auto changed = codes.clone();
  changed[0][0][1] = 5;
  EXPECT_FALSE(at::equal(model.log_probs(codes)[0][1][1], model.log_probs(changed)[0][1][1]));
}

TEST(CodeModel, needs_a_width_that_its_heads_can_share) {
  EXPECT_THAT([] { check_shape({.width = 20, .heads = 4}); },
              ThrowsMessage<earshot::ConfigError>(HasSubstr("width is 20 and heads 4")));
  EXPECT_NO_THROW(check_shape({.width = 24, .heads = 4}));
}

}  // namespace
}  // namespace token_lm
