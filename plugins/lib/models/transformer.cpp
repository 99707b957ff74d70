#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include <lib/models/dense.hpp>
#include <lib/models/transformer.hpp>

namespace earshot::kit {

namespace {

/// (B, T, heads * d) to (B, heads, T, d).
at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
}

/// Prepends what the previous segment left to `x`, along positions, and keeps the last `keep`.
at::Tensor remember(at::Tensor& before, const at::Tensor& x, std::int64_t keep) {
  auto all = before.defined() ? at::cat({before, x}, 2) : x;
  const auto kept = std::min(keep, all.size(2));
  before = all.narrow(2, all.size(2) - kept, kept).clone();
  return all;
}

}  // namespace

CausalTransformer::CausalTransformer(const CausalTransformerOptions& o, Parameters& parameters,
                                     const std::string& name)
    : options_(o) {
  const auto linear = [&](const std::string& at, std::int64_t in, std::int64_t out, bool bias) {
    Linear made;
    made.weight = parameters.add(at + ".weight", {out, in}, Initial::fan_in(in));
    if (bias) made.bias = parameters.add(at + ".bias", {out}, Initial::fan_in(in));
    return made;
  };
  const auto query_width = o.heads * o.head_width, key_width = o.key_value_heads * o.head_width;
  for (std::int64_t n = 0; n < o.layers; ++n) {
    const auto at = name + ".layers." + std::to_string(n) + ".";
    const auto vector = [&](const std::string& end, double value) {
      return parameters.add(at + end, {o.width}, Initial::constant(value));
    };
    layers_.push_back(
        {.query = linear(at + "self_attn.q_proj", o.width, query_width, o.attention_bias),
         .key = linear(at + "self_attn.k_proj", o.width, key_width, o.attention_bias),
         .value = linear(at + "self_attn.v_proj", o.width, key_width, o.attention_bias),
         .out = linear(at + "self_attn.o_proj", query_width, o.width, o.attention_bias),
         .up = linear(at + "mlp.fc1", o.width, o.mlp_width, false),
         .down = linear(at + "mlp.fc2", o.mlp_width, o.width, false),
         .norm_weight = vector("input_layernorm.weight", 1),
         .norm_bias = vector("input_layernorm.bias", 0),
         .scale = vector("self_attn_layer_scale.scale", o.first_scale),
         .mlp_norm_weight = vector("post_attention_layernorm.weight", 1),
         .mlp_norm_bias = vector("post_attention_layernorm.bias", 0),
         .mlp_scale = vector("mlp_layer_scale.scale", o.first_scale)});
  }
}

at::Tensor CausalTransformer::forward(const at::Tensor& input, Stream* stream) const {
  std::int64_t first = 0;
  if (stream != nullptr) {
    auto& position = stream->next();
    if (position.defined()) first = position.item<std::int64_t>();
    position = at::scalar_tensor(first + input.size(1), at::kLong);
  }
  const auto positions = at::arange(first, first + input.size(1), input.options());
  const auto rotated =
      rotation({.width = options_.head_width, .theta = options_.rope_theta}, positions);
  const auto normalised = [&](const at::Tensor& x, const at::Tensor& weight,
                              const at::Tensor& bias) {
    return at::layer_norm(x, {options_.width}, weight, bias, options_.norm_epsilon);
  };
  auto x = input;
  for (const auto& layer : layers_) {
    x = x + attention(layer, normalised(x, layer.norm_weight, layer.norm_bias), rotated, stream)
                .mul_(layer.scale);
    const auto read = normalised(x, layer.mlp_norm_weight, layer.mlp_norm_bias);
    const auto hidden = options_.tanh_gelu ? at::gelu(dense(read, layer.up.weight), "tanh")
                                           : dense(read, layer.up.weight, {}, Activation::gelu);
    x = x + dense(hidden, layer.down.weight).mul_(layer.mlp_scale);
  }
  return x;
}

at::Tensor CausalTransformer::attention(const Layer& layer, const at::Tensor& x,
                                        const Rotation& rotation, Stream* stream) const {
  const auto& o = options_;
  const auto project = [&](const Linear& linear, std::int64_t heads) {
    return split_heads(dense(x, linear.weight, linear.bias), heads);
  };
  const auto query = rotate(project(layer.query, o.heads), rotation);
  auto key = rotate(project(layer.key, o.key_value_heads), rotation);
  auto value = project(layer.value, o.key_value_heads);
  if (stream != nullptr) {
    const auto keep = o.window > 0 ? o.window - 1 : std::numeric_limits<std::int64_t>::max();
    for (auto* part : {&key, &value})
      *part = remember(stream->next(), *part, keep);
  }
  if (o.key_value_heads != o.heads)
    for (auto* part : {&key, &value})
      *part = part->repeat_interleave(o.heads / o.key_value_heads, 1);
  const auto seen = attend(query, key, value).transpose(1, 2).flatten(2);
  return dense(seen, layer.out.weight, layer.out.bias);
}

at::Tensor CausalTransformer::attend(const at::Tensor& query, const at::Tensor& key,
                                     const at::Tensor& value) const {
  constexpr std::int64_t most = 256;  // queries whose scores are in memory at once
  const auto positions = query.size(2), before = key.size(2) - positions;
  const auto scale = 1 / std::sqrt(static_cast<double>(options_.head_width));
  const auto window = options_.window > 0 ? options_.window : key.size(2);
  std::vector<at::Tensor> results;
  for (std::int64_t begin = 0; begin < positions; begin += most) {
    const auto count = std::min(most, positions - begin);
    const auto last = before + begin + count;
    const auto first = std::max<std::int64_t>(0, before + begin - window + 1);
    const auto places = query.options().dtype(at::kLong);
    const auto here = at::arange(before + begin, last, places).unsqueeze(1);
    const auto there = at::arange(first, last, places);
    const auto hidden = there.gt(here).logical_or_(there.le(here - window));
    auto scores = at::matmul(query.narrow(2, begin, count) * scale,
                             key.narrow(2, first, last - first).transpose(2, 3));
    scores.masked_fill_(hidden, -std::numeric_limits<double>::infinity());
    results.push_back(at::matmul(at::softmax(scores, -1), value.narrow(2, first, last - first)));
  }
  return results.size() == 1 ? results.front() : at::cat(results, 2);
}

}  // namespace earshot::kit
