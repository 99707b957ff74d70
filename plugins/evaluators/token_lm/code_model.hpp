#pragma once
#include <cstdint>
#include <vector>

#include <lib/models/parameters.hpp>
#include <lib/models/transformer.hpp>

#include <earshot/component.hpp>

namespace token_lm {

/// The form of a CodeModel.
struct Shape {
  std::vector<std::int64_t> sizes{};  ///< entries of each codebook, coarsest first
  std::int64_t width = 128, layers = 4, heads = 4;
};

/// @throws ConfigError if the heads cannot share the width evenly
void check_shape(const Shape& shape);

/// A causal transformer (kit::CausalTransformer) over codes in the order of frames, and within a
/// frame of codebooks, coarsest first: each code is predicted from all codes of earlier frames and
/// the coarser ones of its own frame. The input of a position is an embedding of the code before it
/// (of a learnt start, at the first) plus one of the codebook that is predicted. Each codebook has
/// its own embedding and its own head, whose weights begin as zeros: an untrained model takes all
/// entries to be equally likely.
class CodeModel {
 public:
  /// @throws as check_shape()
  CodeModel(const Shape& shape, std::uint64_t seed, c10::Device device);

  const Shape& shape() const { return shape_; }
  /// All weights, which require gradients.
  const earshot::NamedTensors& parameters() const { return leaves_; }

  /// The natural logarithm of the probability of each code, from the codes before it in the same
  /// row: int64 (B, Q, T) to float32 (B, Q, T). Differentiable.
  at::Tensor log_probs(const at::Tensor& codes) const;

  /// Copies the values of tensors with the names of parameters(). @throws DataError if one is
  /// missing or has another shape
  void load(const earshot::State& state);

 private:
  Shape shape_;
  earshot::kit::Parameters parameters_;
  at::Tensor start_, level_, norm_weight_, norm_bias_;
  std::vector<at::Tensor> embeddings_{}, heads_{};  ///< (entries, width), by codebook
  earshot::kit::CausalTransformer layers_;
  earshot::NamedTensors leaves_{};
};

}  // namespace token_lm
