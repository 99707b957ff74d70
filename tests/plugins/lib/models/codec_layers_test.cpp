#include <cmath>
#include <limits>
#include <map>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/models/elu.hpp>
#include <lib/models/quantizer.hpp>
#include <lib/models/seanet.hpp>

#include "noise.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot::kit;

at::Tensor row(std::vector<float> values) {
  return at::tensor(values).view({1, 1, -1});
}

TEST(Pad, mirrors_a_signal_that_is_too_short_as_encodec_does) {
  EXPECT_TRUE(
      at::equal(pad(row({1, 2, 3, 4}), 2, 1, Padding::reflect), row({3, 2, 1, 2, 3, 4, 3})));
  // 1 2 is lengthened to 1 2 0 0, mirrored to 0 0 2 1 2 0 0 0, and then two values are cut off.
  EXPECT_TRUE(at::equal(pad(row({1, 2}), 3, 1, Padding::reflect), row({0, 0, 2, 1, 2, 0})));
  EXPECT_TRUE(at::equal(pad(row({1, 2}), 1, 2, Padding::replicate), row({1, 1, 2, 2, 2})));
}

TEST(Convolution, loses_no_input_and_sees_no_future_where_causal) {
  Parameters parameters(at::kCPU);
  const Convolution layer({.in = 2, .out = 3, .kernel = 4, .stride = 3}, parameters, "x");
  parameters.randomize(1);
  const auto x = noise({1, 2, 10}, 2);
  auto changed = x.clone();
  changed.narrow(2, 9, 1).add_(1);
  const auto y = layer.forward(x), other = layer.forward(changed);
  EXPECT_EQ(y.size(2), 4);
  EXPECT_EQ(difference(y.narrow(2, 0, 3), other.narrow(2, 0, 3)), 0);
  EXPECT_GT(difference(y.narrow(2, 3, 1), other.narrow(2, 3, 1)), 0);
}

TEST(Parameters, fold_weight_norm_into_the_weight_that_layers_hold) {
  const earshot::testing::TemporaryFolder folder;
  const auto g = noise({3, 1, 1}, 1), v = noise({3, 2, 4}, 2), b = noise({3}, 3);
  save_safetensors(folder / "x.safetensors",
                   {{"x.conv.weight_g", g}, {"x.conv.weight_v", v}, {"x.conv.bias", b}});
  Parameters parameters(at::kCPU);
  const Convolution layer({.in = 2, .out = 3, .kernel = 4, .norm = ConvolutionNorm::weight},
                          parameters, "x");
  parameters.load(Checkpoint(folder / "x.safetensors"), {});
  const auto weight = g * v / v.square().sum({1, 2}, true).sqrt();
  EXPECT_LE(difference(parameters.tensors().at("x.conv.weight"), weight), 1e-6);
  const auto x = noise({1, 2, 9}, 4);
  EXPECT_LE(difference(layer.forward(x), at::conv1d(at::constant_pad_nd(x, {3, 0}), weight, b)),
            1e-5);
}

class OneThread {
 public:
  OneThread() { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }

 private:
  int before_ = at::get_num_threads();
};

/// Compares a small network on a signal of `samples`, in tiles and at once.
void expect_tiles_equal_whole(const SeanetOptions& options, std::int64_t samples) {
  Parameters parameters(at::kCPU);
  const SeanetEncoder encoder(options, parameters, "encoder");
  const SeanetDecoder decoder(options, parameters, "decoder");
  parameters.randomize(5);
  const auto audio = noise({2, options.channels, samples}, 6);
  const auto whole = encoder.forward(audio);
  const auto tiles = in_tiles(audio, 12 * options.hop(), [&](const at::Tensor& x, Stream* stream) {
    return encoder.forward(x, stream);
  });
  ASSERT_EQ(tiles.sizes(), whole.sizes());
  EXPECT_LE(difference(tiles, whole), 1e-5);
  const auto decoded = decoder.forward(whole);
  EXPECT_EQ(decoded.size(2), whole.size(2) * options.hop());
  EXPECT_LE(difference(in_tiles(whole, 12,
                                [&](const at::Tensor& x, Stream* stream) {
                                  return decoder.forward(x, stream);
                                }),
                       decoded),
            1e-5);
}

TEST(Seanet, in_tiles_equals_the_whole_at_every_length_of_the_last_tile) {
  const OneThread faster_for_small_layers;
  const SeanetOptions encodec{.width = 8, .filters = 4, .ratios = {3, 2}};
  SeanetOptions mimi = encodec;
  mimi.padding = Padding::zeros;
  mimi.lstm_layers = 0;
  mimi.residual_layers = 2;
  for (const std::int64_t samples : {144, 145, 149, 215, 216, 217, 500}) {
    expect_tiles_equal_whole(encodec, samples);
    expect_tiles_equal_whole(mimi, samples);
  }
}

TEST(Seanet, in_tiles_equals_the_whole_where_narrow_stages_have_tiles_of_their_own) {
  const OneThread faster_for_small_layers;
  const SeanetOptions wide{.width = 8, .filters = 128, .lstm_layers = 1, .ratios = {2, 2}};
  for (const std::int64_t samples : {97, 149})
    expect_tiles_equal_whole(wide, samples);
  expect_tiles_equal_whole({.width = 8, .filters = 2, .ratios = {2, 2}}, 20'003);
}

TEST(Seanet, has_the_same_gradients_in_tiles_and_at_once) {
  const OneThread faster_for_small_layers;
  const SeanetOptions options{.width = 4, .filters = 2, .lstm_layers = 1, .ratios = {3, 2}};
  Parameters parameters(at::kCPU);
  const SeanetEncoder encoder(options, parameters, "encoder");
  const SeanetDecoder decoder(options, parameters, "decoder");
  parameters.randomize(5);
  for (const auto& [name, tensor] : parameters.tensors())
    tensor.set_requires_grad(true);
  const auto audio = noise({2, 1, 145}, 6);
  const auto gradients = [&](const at::Tensor& copy) {
    (copy.narrow(2, 0, 145) - audio).square().mean().backward();
    std::map<std::string, at::Tensor> all;
    for (const auto& [name, tensor] : parameters.tensors()) {
      all[name] = tensor.grad().clone();
      at::Tensor(tensor).mutable_grad().reset();
    }
    return all;
  };
  const auto whole = gradients(decoder.forward(encoder.forward(audio)));
  const auto latents = in_tiles(
      audio, 72, [&](const at::Tensor& x, Stream* stream) { return encoder.forward(x, stream); });
  const auto tiles = gradients(in_tiles(latents, 12, [&](const at::Tensor& x, Stream* stream) {
    return decoder.forward(x, stream);
  }));
  for (const auto& [name, gradient] : whole) {
    EXPECT_GT(gradient.abs().max().item<double>(), 0) << name;
    EXPECT_LE(difference(tiles.at(name), gradient), 1e-6) << name;
  }
}

TEST(Convolution, of_many_channels_with_a_stride_is_LibTorch_s) {
  Parameters parameters(at::kCPU);
  const Convolution layer({.in = 256, .out = 5, .kernel = 6, .stride = 3}, parameters, "x");
  parameters.randomize(1);
  const auto x = noise({2, 256, 11}, 2);
  const auto& tensors = parameters.tensors();
  const auto theirs = at::conv1d(at::constant_pad_nd(x, {3, 1}), tensors.at("x.conv.weight"),
                                 tensors.at("x.conv.bias"), 3);
  EXPECT_LE(difference(layer.forward(x), theirs), 1e-5);
}

TEST(Convolution, of_what_elu_left_and_added_to_another_is_the_same_in_one_step) {
  Parameters parameters(at::kCPU);
  const Convolution layer({.in = 3, .out = 3, .kernel = 4, .padding = Padding::reflect}, parameters,
                          "x");
  const Convolution product({.in = 3, .out = 2}, parameters, "y");
  parameters.randomize(1);
  for (const std::int64_t length : {2, 3, 4, 40}) {
    const auto x = noise({2, 3, length}, 2);
    EXPECT_LE(difference(layer.forward(x, nullptr, true), layer.forward(at::elu(x))), 1e-5);
    const auto y = noise({2, 2, length}, 3);
    EXPECT_LE(difference(product.forward_add(y, x), y + product.forward(x)), 1e-5);
  }
}

TEST(Convolution, by_rows_without_gradients_is_the_same_as_LibTorch_s) {
  const std::vector<ConvolutionOptions> all{
      {.in = 1, .out = 6, .kernel = 7},
      {.in = 2, .out = 6, .kernel = 7, .causal = false, .padding = Padding::reflect},
      {.in = 4, .out = 6, .kernel = 3, .dilation = 2},
      {.in = 4, .out = 6, .kernel = 5, .stride = 2},
      {.in = 4, .out = 6, .kernel = 3, .norm = ConvolutionNorm::time_group},
      {.in = 4, .out = 6, .kernel = 4, .stride = 2, .padding = Padding::replicate},
      {.in = 4, .out = 6, .kernel = 10, .stride = 5, .bias = false},
      {.in = 4, .out = 6}};
  for (std::size_t n = 0; n < all.size(); ++n) {
    Parameters parameters(at::kCPU);
    const Convolution layer(all[n], parameters, "x");
    parameters.randomize(n);
    for (const std::int64_t length : {1, 9, 10, 11, 14, 20, 21, 40}) {
      const auto x = noise({2, all[n].in, length}, 2), other = noise({2, all[n].out, length}, 3);
      const auto theirs = layer.forward(x, nullptr, true);
      const at::NoGradGuard no_gradients;
      const auto by_rows = [](const at::Tensor& y) {
        return y.transpose(1, 2).contiguous().transpose(1, 2);
      };
      const auto where = "convolution " + std::to_string(n) + ", length " + std::to_string(length);
      EXPECT_LE(difference(layer.forward(by_rows(x), nullptr, true), theirs), 1e-5) << where;
      if (all[n].stride > 1) continue;
      EXPECT_LE(difference(layer.forward_add(by_rows(other), by_rows(at::elu(x))), theirs + other),
                1e-5)
          << where;
    }
  }
}

TEST(Convolution, of_weights_that_were_loaded_after_its_first_use_is_of_the_new_ones) {
  const at::NoGradGuard no_gradients;
  Parameters parameters(at::kCPU);
  const Convolution layer({.in = 4, .out = 6, .kernel = 4, .stride = 2}, parameters, "x");
  const auto x = noise({1, 10, 4}, 1).transpose(1, 2);
  parameters.randomize(1);
  const auto before = layer.forward(x);
  parameters.randomize(2);
  EXPECT_GT(difference(layer.forward(x), before), 0.1);
  parameters.randomize(1);
  EXPECT_TRUE(at::equal(layer.forward(x), before));
}

TEST(Elu, is_LibTorch_s_for_all_values_and_layouts) {
  const auto inf = std::numeric_limits<float>::infinity();
  const auto values = at::cat({at::linspace(-100, 20, 100'003),
                               at::tensor({0.F, -0.F, -1e-30F, -1e-6F, 1e-6F, -inf, inf})});
  EXPECT_TRUE(at::allclose(fast_elu(values), at::elu(values), 1e-6, 0));
  EXPECT_TRUE(fast_elu(at::tensor({std::nanf("")})).isnan().all().item<bool>());
  const auto block = noise({2, 3, 50}, 1);
  auto wide = at::zeros({2, 3, 60}), part = wide.narrow(2, 4, 50);
  fast_elu_into(block, part);
  EXPECT_TRUE(at::allclose(wide.narrow(2, 4, 50), at::elu(block), 1e-6, 1e-8));
  part.zero_();
  EXPECT_EQ(wide.abs().sum().item<float>(), 0);
  {
    const at::NoGradGuard no_gradients;  // in which the layout by rows has its own code path
    const auto rows = noise({2, 60, 3}, 2).transpose(1, 2).narrow(2, 4, 50);
    EXPECT_TRUE(at::allclose(fast_elu(rows), at::elu(rows), 1e-6, 1e-8));
  }
  const auto across = block.transpose(1, 2);
  EXPECT_TRUE(at::allclose(fast_elu(across), at::elu(across), 1e-6, 1e-8));
  auto in_place = block.clone();
  EXPECT_TRUE(at::equal(fast_elu_in_place(in_place), fast_elu(block)));
}

TEST(ResidualQuantizer, codes_the_nearest_entries_of_what_is_left) {
  const auto first = at::tensor({0.F, 0.F, 10.F, 0.F}).view({2, 2});
  const auto second = at::tensor({1.F, 0.F, 0.F, 2.F, 0.F, 2.F}).view({3, 2});
  const ResidualQuantizer quantizer({first, second});
  const auto x = at::tensor({9.F, 2.F, 1.F, 0.4F}).view({1, 2, 2});
  const auto codes = quantizer.encode(x, 2);
  EXPECT_TRUE(at::equal(codes, at::tensor({1, 0, 1, 0}, at::kLong).view({1, 2, 2})));
  EXPECT_TRUE(
      at::equal(quantizer.decode(codes), at::tensor({10.F, 2.F, 1.F, 0.F}).view({1, 2, 2})));
  EXPECT_TRUE(at::equal(quantizer.decode(codes.narrow(1, 1, 1), 1),
                        at::tensor({0.F, 2.F, 1.F, 0.F}).view({1, 2, 2})));
}

}  // namespace
