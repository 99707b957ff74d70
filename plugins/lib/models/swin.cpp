#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include <lib/models/dense.hpp>
#include <lib/models/swin.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

namespace {

/// Uniform with the variance of the normal distribution used by the reference, 0.02^2.
Initial small() {
  const double bound = 0.02 * std::sqrt(3.0);
  return {-bound, bound};
}

/// A picture (rows, columns) as windows of `side` by `side`: (windows, side * side).
at::Tensor in_windows(const at::Tensor& picture, std::int64_t side) {
  return picture.reshape({picture.size(0) / side, side, picture.size(1) / side, side})
      .transpose(1, 2)
      .reshape({-1, side * side});
}

/// Region numbers of `size` positions: after a shift by `shift`, the positions in the window with
/// both edges are in three regions, which do not see each other.
at::Tensor regions(std::int64_t size, std::int64_t window, std::int64_t shift) {
  const auto place = at::arange(size, at::kLong);
  return place.ge(size - window).to(at::kLong) + place.ge(size - shift).to(at::kLong);
}

}  // namespace

SwinStage::SwinStage(const SwinStageOptions& options, Parameters& parameters,
                     const std::string& name)
    : options_(options) {
  auto& o = options_;
  if (std::min(o.rows, o.columns) <= o.window) o.window = std::min(o.rows, o.columns);
  if (o.window < 1 || o.rows % o.window != 0 || o.columns % o.window != 0)
    throw ConfigError("a grid of " + std::to_string(o.rows) + " by " + std::to_string(o.columns) +
                      " tokens cannot be divided into windows of " + std::to_string(o.window) +
                      "; both sides must be multiples of the window");
  if (o.merges && (o.rows % 2 != 0 || o.columns % 2 != 0))
    throw ConfigError("a grid of " + std::to_string(o.rows) + " by " + std::to_string(o.columns) +
                      " tokens cannot be merged two by two; both sides must be even");
  if (o.heads < 1 || o.width < 1 || o.width % o.heads != 0)
    throw ConfigError("heads is " + std::to_string(o.heads) + "; allowed: divisors of the width " +
                      std::to_string(o.width));

  const auto norm = [&](const std::string& at, std::int64_t width) -> Affine {
    return {parameters.add(at + ".weight", {width}, Initial::constant(1)),
            parameters.add(at + ".bias", {width}, Initial::constant(0))};
  };
  const auto linear = [&](const std::string& at, std::int64_t in, std::int64_t out) -> Affine {
    return {parameters.add(at + ".weight", {out, in}, small()),
            parameters.add(at + ".bias", {out}, Initial::constant(0))};
  };
  const auto qkv = [&](const std::string& at) {
    std::vector<std::string> parts{"qkv"};
    if (o.separate_qkv) parts = {"query", "key", "value"};
    const auto stacked = [&](const std::string& kind, std::vector<std::int64_t> shape,
                             Initial initial) {
      auto names = parts;
      for (auto& part : names)
        part = at + part + kind;
      return parameters.add_stacked(names, shape, initial);
    };
    Affine made;
    made.weight = stacked(".weight", {3 * o.width, o.width}, small());
    if (o.bias) made.bias = stacked(".bias", {3 * o.width}, Initial::constant(0));
    return made;
  };
  for (std::int64_t n = 0; n < o.blocks; ++n) {
    const auto at = name + ".blocks." + std::to_string(n) + ".";
    const auto offsets = (2 * o.window - 1) * (2 * o.window - 1);
    blocks_.push_back({.norm = norm(at + "norm1", o.width),
                       .qkv = qkv(at + "attn."),
                       .out = linear(at + "attn.proj", o.width, o.width),
                       .mlp_norm = norm(at + "norm2", o.width),
                       .up = linear(at + "mlp.fc1", o.width, o.mlp_width),
                       .down = linear(at + "mlp.fc2", o.mlp_width, o.width),
                       .table = parameters.add(at + "attn.relative_position_bias_table",
                                               {offsets, o.heads}, small())});
  }
  if (!o.merges) return;
  merge_norm_ = norm(name + ".downsample.norm", 4 * o.width);
  reduction_.weight =
      parameters.add(name + ".downsample.reduction.weight", {2 * o.width, 4 * o.width}, small());
}

std::int64_t SwinStage::windows() const {
  return options_.rows / options_.window * (options_.columns / options_.window);
}

void SwinStage::tabulate() {
  const auto& o = options_;
  const auto device = blocks_.empty() ? at::Device(at::kCPU) : blocks_.front().table.device();
  const auto place = at::arange(o.rows * o.columns, at::kLong).view({o.rows, o.columns});
  const auto shift = o.window / 2;
  const auto plain = in_windows(place, o.window).flatten();
  const auto shifted = in_windows(place.roll({-shift, -shift}, {0, 1}), o.window).flatten();
  to_plain_ = plain.to(device);
  from_plain_ = plain.argsort().to(device);
  from_shifted_ = shifted.argsort().to(device);
  to_shifted_ = from_plain_.index_select(0, shifted.to(device));
  to_unshifted_ = from_shifted_.index_select(0, to_plain_);

  // For a pair of tokens (i, j) at (row, column) of a window, the offset of i from j.
  const auto token = at::arange(o.window * o.window, at::kLong);
  const auto row = token.div(o.window, "floor"), column = token.remainder(o.window);
  const auto apart = [&](const at::Tensor& at) {
    return at.unsqueeze(1) - at.unsqueeze(0) + (o.window - 1);
  };
  const auto offset = (apart(row) * (2 * o.window - 1) + apart(column)).flatten().to(device);
  const auto region = in_windows(regions(o.rows, o.window, shift).unsqueeze(1) * 3 +
                                     regions(o.columns, o.window, shift).unsqueeze(0),
                                 o.window);
  constexpr double unseen = -100;  // not minus infinity, as in the reference
  const auto hidden =
      region.unsqueeze(1).ne(region.unsqueeze(2)).to(at::kFloat).mul_(unseen).to(device);
  const auto length = o.window * o.window;
  for (std::size_t n = 0; n < blocks_.size(); ++n) {
    auto& block = blocks_[n];
    block.position_bias = block.table.index_select(0, offset)
                              .view({length, length, o.heads})
                              .permute({2, 0, 1})
                              .unsqueeze(0)
                              .contiguous();
    if (windows() > 1 && n % 2 == 1)
      block.position_bias = block.position_bias + hidden.unsqueeze(1);
  }
}

at::Tensor SwinStage::normalised(const at::Tensor& x, const Affine& norm) const {
  return at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, options_.norm_epsilon);
}

at::Tensor SwinStage::attend(const at::Tensor& x, const Block& block) const {
  const auto clips = x.size(0), length = options_.window * options_.window;
  const auto qkv = dense(x, block.qkv.weight, block.qkv.bias)
                       .view({clips * windows(), length, 3, options_.heads, -1})
                       .permute({2, 0, 3, 1, 4});
  const auto attention = [&](const at::Tensor& part) {
    return at::scaled_dot_product_attention(part[0], part[1], part[2], block.position_bias);
  };
  std::vector<at::Tensor> seen;
  if (block.position_bias.size(0) == 1)
    seen.push_back(attention(qkv));
  else  // applies the bias of each window clip by clip rather than copying it for each
    for (std::int64_t clip = 0; clip < clips; ++clip)
      seen.push_back(attention(qkv.narrow(1, clip * windows(), windows())));
  const auto all = seen.size() == 1 ? seen.front() : at::cat(seen);
  return dense(all.transpose(1, 2).reshape(x.sizes()), block.out.weight, block.out.bias);
}

at::Tensor SwinStage::forward(const at::Tensor& tokens, std::int64_t blocks) const {
  const bool one_window = windows() == 1;
  const auto ordered = [&](const at::Tensor& x, const at::Tensor& order) {
    return one_window ? x : x.index_select(1, order);
  };
  const auto count = blocks < 0 ? std::ssize(blocks_) : std::min(blocks, std::ssize(blocks_));
  if (count == 0) return tokens;
  auto x = ordered(tokens, to_plain_);
  for (std::int64_t n = 0; n < count; ++n) {
    const auto& block = blocks_[static_cast<std::size_t>(n)];
    if (n > 0) x = ordered(x, n % 2 == 1 ? to_shifted_ : to_unshifted_);
    x = attend(normalised(x, block.norm), block).add_(x);
    const auto hidden =
        dense(normalised(x, block.mlp_norm), block.up.weight, block.up.bias, Activation::gelu);
    x = dense(hidden, block.down.weight, block.down.bias).add_(x);
  }
  return ordered(x, count % 2 == 0 ? from_shifted_ : from_plain_);
}

at::Tensor SwinStage::merge(const at::Tensor& tokens) const {
  const auto& o = options_;
  // (row, column) of the four neighbours: (0, 0), (1, 0), (0, 1), (1, 1).
  const auto neighbours = tokens.view({-1, o.rows / 2, 2, o.columns / 2, 2, o.width})
                              .permute({0, 1, 3, 4, 2, 5})
                              .reshape({tokens.size(0), o.rows / 2 * (o.columns / 2), 4 * o.width});
  constexpr double epsilon = 1e-5;  // independent of the blocks' epsilon, as in the reference
  return dense(
      at::layer_norm(neighbours, {4 * o.width}, merge_norm_.weight, merge_norm_.bias, epsilon),
      reduction_.weight);
}

}  // namespace earshot::kit
