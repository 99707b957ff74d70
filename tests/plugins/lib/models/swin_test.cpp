#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>
#include <lib/models/dense.hpp>
#include <lib/models/swin.hpp>

#include <earshot/error.hpp>

#include "noise.hpp"

namespace {

using namespace earshot::kit;

/// A stage with weights that are large enough to have an effect.
SwinStage stage(const SwinStageOptions& options, const std::string& without = "") {
  Parameters parameters(at::kCPU);
  SwinStage made(options, parameters, "s");
  parameters.randomize(1);
  for (const auto& [name, tensor] : parameters.tensors()) {
    if (name.find(".norm") == std::string::npos) tensor.mul_(10);
    if (!without.empty() && name.find(without) != std::string::npos) tensor.zero_();
  }
  made.tabulate();
  return made;
}

constexpr SwinStageOptions small{
    .rows = 8, .columns = 12, .width = 8, .heads = 2, .blocks = 2, .window = 4, .mlp_width = 16};

/// Which tokens change if one token changes: (rows, columns).
at::Tensor reach(const SwinStage& stage, std::int64_t row, std::int64_t column,
                 std::int64_t blocks) {
  const auto& o = stage.options();
  const auto x = noise({1, o.rows * o.columns, o.width}, 2);
  auto changed = x.clone();
  changed[0][row * o.columns + column][0].add_(1);  // one channel: LayerNorm hides a shift of all
  const auto change = stage.forward(changed, blocks) - stage.forward(x, blocks);
  return change.abs().amax({0, 2}).view({o.rows, o.columns}).gt(1e-6);
}

at::Tensor box(std::int64_t top, std::int64_t left, std::int64_t height, std::int64_t width) {
  auto seen = at::zeros({small.rows, small.columns}, at::kBool);
  seen.narrow(0, top, height).narrow(1, left, width).fill_(true);
  return seen;
}

TEST(SwinStage, first_block_sees_one_window) {
  EXPECT_TRUE(at::equal(reach(stage(small), 5, 6, 1), box(4, 4, 4, 4)));
  EXPECT_TRUE(at::equal(reach(stage(small), 0, 11, 1), box(0, 8, 4, 4)));
}

TEST(SwinStage, second_block_sees_shifted_windows_and_nothing_across_edges) {
  const auto shifted = stage(small, "s.blocks.0.");  // the first block adds nothing
  EXPECT_TRUE(at::equal(reach(shifted, 4, 6, 2), box(2, 6, 4, 4)));
  EXPECT_TRUE(at::equal(reach(shifted, 3, 1, 2), box(2, 0, 4, 2)));    // the left edge
  EXPECT_TRUE(at::equal(reach(shifted, 7, 11, 2), box(6, 10, 2, 2)));  // a corner
}

TEST(SwinStage, clips_come_out_as_if_alone) {
  const auto made = stage(small);
  const auto x = noise({3, small.rows * small.columns, small.width}, 3);
  const auto all = made.forward(x);
  for (std::int64_t b = 0; b < 3; ++b)
    EXPECT_LE(difference(all[b], made.forward(x.narrow(0, b, 1))[0]), 1e-5);
}

TEST(SwinStage, a_grid_no_larger_than_the_window_is_one_window_in_every_block) {
  auto options = small;
  options.rows = options.columns = 4;
  options.window = 8;
  const auto made = stage(options);
  EXPECT_EQ(made.options().window, 4);
  const auto x = noise({1, 16, 8}, 4);
  auto changed = x.clone();
  changed[0][0][0].add_(1);
  EXPECT_GT((made.forward(x) - made.forward(changed)).abs().amax({0, 2}).min().item<double>(),
            1e-6);
}

TEST(SwinStage, merges_rows_before_columns) {
  Parameters parameters(at::kCPU);
  const SwinStage made({.rows = 2, .columns = 4, .width = 1, .heads = 1, .blocks = 0, .window = 2},
                       parameters, "s");
  parameters.randomize(1);
  auto reduction = parameters.tensors().at("s.downsample.reduction.weight");
  reduction.zero_();
  reduction[0][1] = 1;  // the second neighbour
  const auto x = at::tensor({0.F, 1.F, 2.F, 3.F, 4.F, 5.F, 6.F, 8.F}).view({1, 8, 1});
  const auto neighbours = at::tensor({0.F, 4.F, 1.F, 5.F, 2.F, 6.F, 3.F, 8.F}).view({2, 4});
  const auto expected = at::layer_norm(neighbours, {4}).select(1, 1);
  EXPECT_LE(difference(made.merge(x)[0].select(1, 0), expected), 1e-5);
}

TEST(SwinStage, reads_query_key_and_value_apart_or_together) {
  Parameters together(at::kCPU), apart(at::kCPU);
  auto options = small;
  SwinStage one(options, together, "s");
  options.separate_qkv = true;
  SwinStage three(options, apart, "s");
  together.randomize(5);
  for (const auto& [name, tensor] : apart.tensors()) {
    const auto known = together.tensors().find(name);
    if (known != together.tensors().end()) tensor.copy_(known->second);
  }
  for (const auto* block : {"s.blocks.0.attn.", "s.blocks.1.attn."})
    for (const auto* kind : {".weight", ".bias"}) {
      const auto parts = together.tensors().at(block + std::string("qkv") + kind).chunk(3);
      std::size_t part = 0;
      for (const auto* name : {"query", "key", "value"})
        apart.tensors().at(std::string(block) + name + kind).copy_(parts.at(part++));
    }
  one.tabulate();
  three.tabulate();
  const auto x = noise({1, small.rows * small.columns, small.width}, 6);
  EXPECT_TRUE(at::equal(one.forward(x), three.forward(x)));
  EXPECT_EQ(together.count(), apart.count());
}

TEST(SwinStage, refuses_grids_without_windows_and_heads_that_do_not_divide) {
  Parameters parameters(at::kCPU);
  auto options = small;
  options.rows = 10;
  EXPECT_THROW(SwinStage(options, parameters, "a"), earshot::ConfigError);
  options = small;
  options.heads = 3;
  EXPECT_THROW(SwinStage(options, parameters, "b"), earshot::ConfigError);
  options = small;
  options.rows = options.window = 3;
  options.columns = 9;
  EXPECT_THROW(SwinStage(options, parameters, "c"), earshot::ConfigError);
}

TEST(Dense, equals_the_layers_of_libtorch_and_has_gradients_where_they_are_asked_for) {
  const auto x = noise({3, 5, 24}, 1), weight = noise({16, 24}, 2), bias = noise({16}, 3);
  EXPECT_LE(difference(dense(x, weight, bias), at::linear(x, weight, bias)), 1e-4);
  EXPECT_LE(difference(dense(x, weight), at::linear(x, weight)), 1e-4);
  EXPECT_LE(
      difference(dense(x, weight, bias, Activation::gelu), at::gelu(at::linear(x, weight, bias))),
      1e-4);
  auto learnt = weight.clone().requires_grad_();
  dense(x, learnt, bias, Activation::gelu).sum().backward();
  EXPECT_GT(learnt.grad().abs().sum().item<double>(), 0);
}

}  // namespace
