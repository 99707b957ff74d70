#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <lib/models/parameters.hpp>

#include <earshot/component.hpp>

#include "architecture.hpp"
#include "cache.hpp"
#include "projection.hpp"

namespace llama {

/// Sequences of different lengths, concatenated without padding; they do not see each other.
struct Sequences {
  std::vector<std::int64_t> lengths{};
  at::Tensor rows{};       ///< int64, the positions whose results are requested; undefined: all
  Cache* cache = nullptr;  ///< if set, receives the keys and values of its sequences `first`, ...
  std::int64_t first = 0;
};

/// Llama (Touvron et al. 2023, "LLaMA: Open and Efficient Foundation Language Models", section
/// 2.2; with grouped queries, Ainslie et al. 2023, "GQA"), as transformers computes it.
class Model {
 public:
  Model(const Architecture& architecture, const earshot::kit::Checkpoint& checkpoint,
        c10::Device device);
  Model(const Architecture& architecture, std::uint64_t seed, c10::Device device);  ///< random

  const Architecture& architecture() const { return architecture_; }
  std::int64_t parameter_count() const { return parameters_.count(); }
  /// Views, by the names used in checkpoints.
  const std::map<std::string, at::Tensor>& tensors() const { return parameters_.tensors(); }

  /// All weights as leaves for an optimiser, in the pieces in which they are used.
  earshot::NamedTensors make_trainable();

  std::vector<Projection*> projections();  ///< in model order
  std::vector<const Projection*> projections() const;
  void set_dropout(double dropout) { dropout_ = dropout; }  ///< applied to the input of adapters
  void set_recompute(bool on) { recompute_ = on; }          ///< layers, for their gradients

  at::Tensor embed(const at::Tensor& tokens) const;   ///< int64 (N) to (N, width)
  const at::Tensor& head() const { return head_; }    ///< (vocabulary, width)
  at::Tensor logits(const at::Tensor& hidden) const;  ///< (N, width) to float32 (N, vocabulary)

  /// Embeddings (N, width) of all positions to the input of the head, (N or rows, width).
  at::Tensor forward(const at::Tensor& x, const Sequences& sequences) const;

  /// The same for one more position of each sequence in the cache: (B, width) to (B, width).
  at::Tensor step(const at::Tensor& x, Cache& cache) const;

  // The parts of forward(), for all positions.
  at::Tensor layer(std::int64_t n, const at::Tensor& x, const Sequences& sequences) const;
  at::Tensor norm(const at::Tensor& x) const;  ///< after the last layer

 private:
  struct Layer {
    at::Tensor norm, mlp_norm;
    Projection qkv, out, gate_up, down;
  };
  /// Rotated queries, keys and values (N, heads + 2 key-value heads, d) to (N, heads d).
  using Attention = std::function<at::Tensor(const at::Tensor& qkv)>;

  Model(const Architecture& architecture, earshot::kit::Parameters parameters);
  Layer declare_layer(std::int64_t n);
  std::vector<at::Tensor> trained(const Layer& layer) const;  ///< the leaves of a layer
  std::vector<at::Tensor> split_heads(const at::Tensor& qkv) const;
  Attention attention(std::int64_t n, const Sequences& sequences) const;
  at::Tensor run(const Layer& layer, const at::Tensor& x, const earshot::kit::Rotation& rotation,
                 const at::Tensor& rows, const Attention& attention) const;
  earshot::kit::Rotation rotation(const std::vector<std::int64_t>& lengths) const;

  Architecture architecture_;
  earshot::kit::Parameters parameters_;
  at::Tensor embedding_, head_, norm_;
  std::vector<Layer> layers_{};
  double dropout_ = 0;
  bool recompute_ = false;
};

}  // namespace llama
