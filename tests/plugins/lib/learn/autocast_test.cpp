#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/learn/autocast.hpp>

#include "training_case.hpp"

namespace {

using earshot::kit::Autocast;

at::ScalarType type_of_product() {
  return at::linear(at::ones({2, 3}), at::ones({4, 3})).scalar_type();
}

TEST(Autocast, computes_products_in_bfloat16_while_it_lives) {
  EXPECT_EQ(type_of_product(), at::kFloat);
  {
    const Autocast autocast(at::kCPU, true);
    EXPECT_EQ(type_of_product(), at::kBFloat16);
    {
      const Autocast off(at::kCPU, false);
      EXPECT_EQ(type_of_product(), at::kFloat);
    }
    EXPECT_EQ(type_of_product(), at::kBFloat16);
    EXPECT_EQ((at::ones({2}) + 1).scalar_type(), at::kFloat);
  }
  EXPECT_EQ(type_of_product(), at::kFloat);
  EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
}

TEST(Autocast, leaves_weights_and_gradients_in_float32) {
  const at::AutoGradMode grad(true);
  auto weight = at::ones({4, 3}).requires_grad_();
  at::Tensor sum;
  {
    const Autocast autocast(at::kCPU, true);
    sum = at::linear(at::ones({2, 3}), weight).to(at::kFloat).sum();
  }
  sum.backward();
  EXPECT_EQ(weight.grad().scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(weight.grad(), at::full({4, 3}, 2.0F)));
}

TEST(Autocast, sees_a_weight_that_changed_since) {
  const at::AutoGradMode grad(true);
  auto weight = at::ones({1, 1}).requires_grad_();
  const auto product = [&] {
    const Autocast autocast(at::kCPU, true);
    return at::linear(at::ones({1, 1}), weight).item<float>();
  };
  EXPECT_EQ(product(), 1);
  {
    const at::NoGradGuard no_grad;
    weight.fill_(2);
  }
  EXPECT_EQ(product(), 2);
}

class AutocastFixture : public earshot::testing::TrainingCase {
 protected:
  AutocastFixture() : TrainingCase("bsq_autocast") {}
};

TEST_F(AutocastFixture, gives_the_reference_s_projection_to_the_quantiser) {
  const earshot::kit::Checkpoint model(folder / "model.safetensors");
  const auto weight = model.get("quant_embed.weight"), bias = model.get("quant_embed.bias");
  const auto x = golden("mid/ln_post");
  at::Tensor ours;
  {
    const Autocast autocast(at::kCPU, true);
    ours = at::linear(x, weight, bias);
  }
  EXPECT_EQ(ours.scalar_type(), at::kBFloat16);
  expect_near("mid/quant_embed", ours.to(at::kFloat));
}

}  // namespace
