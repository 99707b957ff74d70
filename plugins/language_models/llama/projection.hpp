#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace llama {

/// The LoRA update of a matrix: scale B A (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large
/// Language Models"). float32.
struct LowRank {
  at::Tensor a{};  ///< (rank, in)
  at::Tensor b{};  ///< (out, rank)
  double scale = 1;
  bool defined() const { return a.defined(); }
};

/// A linear layer, or several with the same input that are computed as one: query, key and value,
/// or gate and up.
class Projection {
 public:
  /// One of the layers.
  struct Part {
    std::string name{};     ///< "model.layers.0.self_attn.q_proj"
    std::int64_t rows = 0;  ///< number of its outputs
    LowRank adapter{};      ///< may be empty
  };

  Projection(std::vector<Part> parts, at::Tensor weight, at::Tensor bias)
      : parts_(std::move(parts)), weight_(std::move(weight)), bias_(std::move(bias)) {}

  std::vector<Part>& parts() { return parts_; }
  const std::vector<Part>& parts() const { return parts_; }
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }  ///< may be undefined

  /// (N, in) to (N, the parts' rows next to each other). @param dropout for the input of adapters
  at::Tensor forward(const at::Tensor& x, double dropout) const;

  /// Adds the adapters to the weight and removes them.
  void merge();

 private:
  std::vector<Part> parts_;
  at::Tensor weight_, bias_;
};

}  // namespace llama
