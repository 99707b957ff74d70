#include "model.hpp"

#include <cmath>
#include <utility>

#include <ATen/ATen.h>

#include <earshot/kit/name_map.hpp>

#include "operations.hpp"

namespace llama {

namespace {

using earshot::kit::Checkpoint;
using earshot::kit::Initial;
using earshot::kit::Parameters;
using earshot::kit::Rotation;

/// Initialised like PyTorch's nn.Linear. For SmolLM2-135M that is near transformers' deviation of
/// 0.02; much narrower models would learn many times slower with such small weights.
Initial fan_in(std::int64_t inputs) {
  const auto bound = 1 / std::sqrt(static_cast<double>(inputs));
  return {-bound, bound};
}

earshot::kit::NameMap name_map(bool tied) {
  auto names = earshot::kit::NameMap().ignore(R"(\.rotary_emb\.inv_freq$)");
  if (tied) names.ignore(R"(^lm_head\.weight$)");  // which some files repeat
  return names;
}

/// "model.layers.0.self_attn.q_proj+k_proj+v_proj"
std::string name_of(const Projection& projection) {
  auto name = projection.parts().front().name;
  for (std::size_t i = 1; i < projection.parts().size(); ++i) {
    const auto& other = projection.parts()[i].name;
    name += '+';
    name += other.substr(other.rfind('.') + 1);
  }
  return name;
}

}  // namespace

Model::Model(const Architecture& a, Parameters parameters)
    : architecture_(a),
      parameters_(std::move(parameters)),
      embedding_(
          parameters_.add("model.embed_tokens.weight", {a.vocabulary, a.width}, fan_in(a.width))),
      head_(a.tied ? embedding_
                   : parameters_.add("lm_head.weight", {a.vocabulary, a.width}, fan_in(a.width))),
      norm_(parameters_.add("model.norm.weight", {a.width}, Initial::constant(1))) {
  for (std::int64_t n = 0; n < a.layers; ++n)
    layers_.push_back(declare_layer(n));
}

Model::Layer Model::declare_layer(std::int64_t n) {
  const auto& a = architecture_;
  const auto at = "model.layers." + std::to_string(n) + ".";
  const auto projection = [&](std::int64_t in, bool has_bias, std::vector<Projection::Part> parts) {
    std::vector<std::string> weights, biases;
    std::vector<std::int64_t> rows;
    std::int64_t out = 0;
    for (auto& part : parts) {
      part.name = at + part.name;
      weights.push_back(part.name + ".weight");
      biases.push_back(part.name + ".bias");
      rows.push_back(part.rows);
      out += part.rows;
    }
    const auto weight = parameters_.add_stacked(weights, {out, in}, fan_in(in), rows);
    const auto bias = has_bias ? parameters_.add_stacked(biases, {out}, Initial::constant(0), rows)
                               : at::Tensor();
    return Projection(std::move(parts), weight, bias);
  };
  const auto norm = [&](const std::string& name) {
    return parameters_.add(at + name + ".weight", {a.width}, Initial::constant(1));
  };
  return {
      .norm = norm("input_layernorm"),
      .mlp_norm = norm("post_attention_layernorm"),
      .qkv = projection(a.width, a.attention_bias,
                        {{.name = "self_attn.q_proj", .rows = a.query_width()},
                         {.name = "self_attn.k_proj", .rows = a.key_width()},
                         {.name = "self_attn.v_proj", .rows = a.key_width()}}),
      .out = projection(a.query_width(), a.attention_bias,
                        {{.name = "self_attn.o_proj", .rows = a.width}}),
      .gate_up = projection(a.width, a.mlp_bias,
                            {{.name = "mlp.gate_proj", .rows = a.mlp_width},
                             {.name = "mlp.up_proj", .rows = a.mlp_width}}),
      .down = projection(a.mlp_width, a.mlp_bias, {{.name = "mlp.down_proj", .rows = a.width}})};
}

Model::Model(const Architecture& architecture, const Checkpoint& checkpoint, c10::Device device)
    : Model(architecture, Parameters(device, checkpoint, architecture.type)) {
  parameters_.load(checkpoint, name_map(architecture.tied));
}

Model::Model(const Architecture& architecture, std::uint64_t seed, c10::Device device)
    : Model(architecture, Parameters(device, architecture.type)) {
  parameters_.randomize(seed);
}

std::vector<Projection*> Model::projections() {
  std::vector<Projection*> all;
  for (auto& layer : layers_)
    all.insert(all.end(), {&layer.qkv, &layer.out, &layer.gate_up, &layer.down});
  return all;
}

std::vector<const Projection*> Model::projections() const {
  std::vector<const Projection*> all;
  for (const auto& layer : layers_)
    all.insert(all.end(), {&layer.qkv, &layer.out, &layer.gate_up, &layer.down});
  return all;
}

earshot::NamedTensors Model::make_trainable() {
  earshot::NamedTensors all{{"model.embed_tokens.weight", embedding_}};
  if (!architecture_.tied) all.emplace_back("lm_head.weight", head_);
  for (std::size_t n = 0; n < layers_.size(); ++n) {
    const auto at = "model.layers." + std::to_string(n) + ".";
    all.emplace_back(at + "input_layernorm.weight", layers_[n].norm);
    all.emplace_back(at + "post_attention_layernorm.weight", layers_[n].mlp_norm);
  }
  for (const auto* projection : projections()) {
    all.emplace_back(name_of(*projection) + ".weight", projection->weight());
    if (projection->bias().defined())
      all.emplace_back(name_of(*projection) + ".bias", projection->bias());
  }
  all.emplace_back("model.norm.weight", norm_);
  for (auto& [name, tensor] : all)
    tensor.set_requires_grad(true);
  return all;
}

at::Tensor Model::embed(const at::Tensor& tokens) const {
  return at::embedding(embedding_, tokens);
}

at::Tensor Model::logits(const at::Tensor& hidden) const {
  return product(hidden, head_).to(at::kFloat);
}

at::Tensor Model::norm(const at::Tensor& x) const {
  return rms_norm(x, norm_, architecture_.norm_epsilon);
}

Rotation Model::rotation(const std::vector<std::int64_t>& lengths) const {
  std::vector<at::Tensor> positions;
  positions.reserve(lengths.size());
  for (const auto length : lengths)
    positions.push_back(at::arange(length, embedding_.options().dtype(at::kFloat)));
  return earshot::kit::rotation(architecture_.rotary, at::cat(positions));
}

std::vector<at::Tensor> Model::split_heads(const at::Tensor& qkv) const {
  const auto& a = architecture_;
  return qkv.split_with_sizes({a.heads, a.key_value_heads, a.key_value_heads}, 1);
}

Model::Attention Model::attention(std::int64_t n, const Sequences& sequences) const {
  return [this, n, &sequences](const at::Tensor& qkv) {
    const auto& a = architecture_;
    const auto heads = split_heads(qkv);
    if (sequences.cache != nullptr)
      sequences.cache->begin(n, sequences.first, sequences.lengths, heads[1], heads[2]);
    const auto queries = heads[0].split_with_sizes(sequences.lengths),
               keys = heads[1].split_with_sizes(sequences.lengths),
               values = heads[2].split_with_sizes(sequences.lengths);
    // Key heads are treated as a batch, so that queries share them without a copy.
    const auto shared = [&](const at::Tensor& x) {
      return x.transpose(0, 1).unsqueeze(1).expand({-1, a.group(), -1, -1});
    };
    std::vector<at::Tensor> results;
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const auto query =
          queries[i].unflatten(1, {a.key_value_heads, a.group()}).permute({1, 2, 0, 3});
      results.push_back(at::scaled_dot_product_attention(query, shared(keys[i]), shared(values[i]),
                                                         {}, 0, /*is_causal=*/true)
                            .permute({2, 0, 1, 3}));
    }
    return at::cat(results).flatten(1);
  };
}

at::Tensor Model::run(const Layer& layer, const at::Tensor& x, const Rotation& rotation,
                      const at::Tensor& rows, const Attention& attention) const {
  const auto& a = architecture_;
  const auto qkv = layer.qkv.forward(rms_norm(x, layer.norm, a.norm_epsilon), dropout_)
                       .unflatten(1, {-1, a.rotary.width});
  auto seen = attention(rotate_heads(qkv, rotation, a.heads + a.key_value_heads));
  auto y = x;
  if (rows.defined()) {
    seen = seen.index_select(0, rows);
    y = y.index_select(0, rows);
  }
  y = y + layer.out.forward(seen, dropout_);
  const auto hidden = layer.gate_up.forward(rms_norm(y, layer.mlp_norm, a.norm_epsilon), dropout_);
  return y + layer.down.forward(gated(hidden), dropout_);
}

at::Tensor Model::layer(std::int64_t n, const at::Tensor& x, const Sequences& sequences) const {
  return run(layers_[static_cast<std::size_t>(n)], x, rotation(sequences.lengths), {},
             attention(n, sequences));
}

at::Tensor Model::forward(const at::Tensor& input, const Sequences& sequences) const {
  const auto turns = rotation(sequences.lengths);
  auto x = input;
  for (std::size_t n = 0; n < layers_.size(); ++n) {
    const auto& layer = layers_[n];
    // After the last layer's keys and values, other positions are not needed.
    const auto rows = n + 1 == layers_.size() ? sequences.rows : at::Tensor();
    const auto work = [this, &layer, turns, rows, sequences, n](const at::Tensor& y) {
      return run(layer, y, turns, rows, attention(static_cast<std::int64_t>(n), sequences));
    };
    x = recompute_ ? recomputed(work, x, trained(layer)) : work(x);
  }
  if (sequences.cache != nullptr) sequences.cache->begun(sequences.first, sequences.lengths);
  return norm(x);
}

at::Tensor Model::step(const at::Tensor& input, Cache& cache) const {
  const auto& a = architecture_;
  const auto turns = earshot::kit::rotation(a.rotary, cache.next().to(at::kFloat));
  auto x = input;
  for (std::size_t n = 0; n < layers_.size(); ++n)
    x = run(layers_[n], x, turns, {}, [&](const at::Tensor& qkv) {
      const auto heads = split_heads(qkv);
      const auto [keys, values] = cache.append(static_cast<std::int64_t>(n), heads[1], heads[2]);
      // Query heads that share keys are treated as positions.
      const auto query = heads[0].unflatten(1, {a.key_value_heads, a.group()});
      return at::scaled_dot_product_attention(query, keys, values, cache.mask()).flatten(1);
    });
  cache.appended();
  return norm(x);
}

std::vector<at::Tensor> Model::trained(const Layer& layer) const {
  std::vector<at::Tensor> found;
  const auto add = [&](const at::Tensor& tensor) {
    if (tensor.defined() && tensor.requires_grad()) found.push_back(tensor);
  };
  for (const auto* norm : {&layer.norm, &layer.mlp_norm})
    add(*norm);
  for (const auto* projection : {&layer.qkv, &layer.out, &layer.gate_up, &layer.down}) {
    add(projection->weight());
    add(projection->bias());
    for (const auto& part : projection->parts()) {
      add(part.adapter.a);
      add(part.adapter.b);
    }
  }
  return found;
}

}  // namespace llama
