#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>
#include <lib/models/by_length.hpp>
#include <lib/models/transformer.hpp>

#include "noise.hpp"

namespace {

using namespace earshot::kit;

constexpr std::int64_t width = 8;

/// Layer scales are initially 1 / 100: differences are relative to what a layer adds.
class Transformer : public ::testing::Test {
 protected:
  Transformer()
      : transformer({.width = width,
                     .layers = 1,
                     .heads = 2,
                     .key_value_heads = 1,
                     .head_width = 4,
                     .mlp_width = 16,
                     .window = 5},
                    parameters, "t") {
    at::set_num_threads(1);  // faster for small layers
    parameters.randomize(1);
    for (const auto& [name, tensor] : parameters.tensors())
      if (name.ends_with("scale")) tensor.fill_(1);
  }
  ~Transformer() override { at::set_num_threads(threads_before_); }
  Parameters parameters{at::kCPU};
  CausalTransformer transformer;

 private:
  int threads_before_ = at::get_num_threads();
};

TEST_F(Transformer, sees_a_window_of_the_past_with_itself_and_nothing_else) {
  const auto x = noise({1, 12, width}, 2);
  auto changed = x.clone();
  changed.select(1, 4).select(1, 0).add_(1);  // one channel: LayerNorm would hide a shift of all
  const auto change = (transformer.forward(x) - transformer.forward(changed)).abs().amax({0, 2});
  for (std::int64_t t = 0; t < 12; ++t)
    EXPECT_EQ(change[t].item<float>() > 1e-6F, t >= 4 && t < 9) << t;
}

TEST_F(Transformer, depends_on_distances_between_positions_and_not_on_where_they_are) {
  const auto x = noise({1, 12, width}, 2);
  const auto moved = at::cat({noise({1, 6, width}, 3), x}, 1);
  EXPECT_LE(difference(transformer.forward(x).narrow(1, 4, 8),
                       transformer.forward(moved).narrow(1, 10, 8)),
            1e-5);
}

TEST_F(Transformer, in_stretches_equals_the_whole) {
  const auto x = noise({1, 300, width}, 2);  // more than one block of queries
  for (const std::int64_t window : {0, 1, 5, 300}) {
    Parameters own(at::kCPU);
    const CausalTransformer layers({.width = width,
                                    .layers = 2,
                                    .heads = 2,
                                    .key_value_heads = 2,
                                    .head_width = 4,
                                    .mlp_width = 16,
                                    .window = window},
                                   own, "t");
    own.randomize(1);
    for (const auto& [name, tensor] : own.tensors())
      if (name.ends_with("scale")) tensor.fill_(1);
    const auto step = [&](const at::Tensor& part, Stream* stream) {
      return layers.forward(part.transpose(1, 2), stream).transpose(1, 2);
    };
    EXPECT_LE(difference(in_tiles(x.transpose(1, 2), 70, step), step(x.transpose(1, 2), nullptr)),
              1e-5)
        << window;
  }
}

TEST(ByLength, computes_clips_of_one_length_together_and_puts_them_in_their_places) {
  const auto batch = at::arange(10.F).view({5, 1, 2});
  std::vector<std::int64_t> sizes;
  const auto result =
      by_length(batch, at::tensor({2, 1, 2, 2, 1}, at::kLong), 2, [&](const at::Tensor& clips) {
        sizes.push_back(clips.size(0));
        return clips.transpose(1, 2) + 1;
      });
  EXPECT_THAT(sizes, ::testing::ElementsAre(2, 2, 1));
  EXPECT_TRUE(
      at::equal(result.values.flatten(1),
                at::tensor({1.F, 2.F, 3.F, 0.F, 5.F, 6.F, 7.F, 8.F, 9.F, 0.F}).view({5, 2})));
  EXPECT_TRUE(at::equal(result.lengths, at::tensor({2, 1, 2, 2, 1}, at::kLong)));
}

}  // namespace
