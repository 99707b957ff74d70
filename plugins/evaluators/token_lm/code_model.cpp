#include "code_model.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/learn/state_parts.hpp>

namespace token_lm {

using earshot::kit::CausalTransformerOptions;
using earshot::kit::Initial;

void check_shape(const Shape& shape) {
  if (shape.width % (2 * shape.heads) != 0)
    throw earshot::ConfigError("width is " + std::to_string(shape.width) + " and heads " +
                               std::to_string(shape.heads) +
                               "; allowed: a width that is a multiple of twice the heads");
}

namespace {

CausalTransformerOptions layers_of(const Shape& shape) {
  check_shape(shape);
  return {.width = shape.width,
          .layers = shape.layers,
          .heads = shape.heads,
          .key_value_heads = shape.heads,
          .head_width = shape.width / shape.heads,
          .mlp_width = 4 * shape.width,
          .window = 0,
          .first_scale = 1};
}

}  // namespace

CodeModel::CodeModel(const Shape& shape, std::uint64_t seed, c10::Device device)
    : shape_(shape),
      parameters_(device),
      start_(parameters_.add("start", {shape.width}, Initial::fan_in(shape.width))),
      level_(parameters_.add("level", {std::ssize(shape.sizes), shape.width},
                             Initial::fan_in(shape.width))),
      norm_weight_(parameters_.add("norm.weight", {shape.width}, Initial::constant(1))),
      norm_bias_(parameters_.add("norm.bias", {shape.width}, Initial::constant(0))),
      layers_(layers_of(shape), parameters_, "transformer") {
  for (std::size_t q = 0; q < shape.sizes.size(); ++q) {
    const auto number = std::to_string(q);
    embeddings_.push_back(parameters_.add("embedding." + number, {shape.sizes[q], shape.width},
                                          Initial::fan_in(shape.width)));
    heads_.push_back(
        parameters_.add("head." + number, {shape.sizes[q], shape.width}, Initial::constant(0)));
  }
  parameters_.randomize(seed);
  for (const auto& [name, tensor] : parameters_.tensors()) {
    leaves_.emplace_back(name, tensor);
    leaves_.back().second.set_requires_grad(true);
  }
}

at::Tensor CodeModel::log_probs(const at::Tensor& codes) const {
  const auto clips = codes.size(0), levels = codes.size(1), frames = codes.size(2);
  std::vector<at::Tensor> embedded;
  for (std::int64_t q = 0; q < levels; ++q)
    embedded.push_back(at::embedding(embeddings_[static_cast<std::size_t>(q)], codes.select(1, q)));
  const auto before = at::stack(embedded, 2).view({clips, frames * levels, shape_.width});
  const auto shifted = at::cat(
      {start_.expand({clips, 1, shape_.width}), before.narrow(1, 0, frames * levels - 1)}, 1);
  const auto hidden = layers_.forward(shifted + level_.repeat({frames, 1}));
  const auto seen = at::layer_norm(hidden, {shape_.width}, norm_weight_, norm_bias_)
                        .view({clips, frames, levels, shape_.width});
  std::vector<at::Tensor> results;
  for (std::int64_t q = 0; q < levels; ++q) {
    const auto logits = at::matmul(seen.select(2, q), heads_[static_cast<std::size_t>(q)].t());
    results.push_back(at::log_softmax(logits.to(at::kFloat), -1)
                          .gather(2, codes.select(1, q).unsqueeze(2))
                          .squeeze(2));
  }
  return at::stack(results, 1);
}

void CodeModel::load(const earshot::State& state) {
  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : leaves_)
    tensor.copy_(earshot::kit::tensor_in(state, name, tensor.sizes()));
}

}  // namespace token_lm
