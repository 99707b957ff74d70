#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <lib/models/batch_norm.hpp>
#include <lib/models/code_network_sizes.hpp>
#include <lib/models/parameters.hpp>

namespace earshot::kit {

/// The audio encoder of study 001 (giblet-responses at 5ed01cc, `AudioEncoder`): for each kernel a
/// convolution over time, batch norm, ReLU and the maximum over time; all of these together through
/// Linear, batch norm, ReLU, dropout, Linear. One vector per clip.
///
/// `source` below: codes int64 (B, books, T), or features floating (B, T, bands). Names of tensors
/// are the published ones: code_embedding, temporal_conv_k3, bn_k3, fc.0, fc.1, fc.4.
class CodeNetwork {
 public:
  using Sizes = CodeNetworkSizes;

  /// Declares its tensors in `parameters`, each name after `prefix`.
  CodeNetwork(const Sizes& sizes, Parameters& parameters, const std::string& prefix = "");

  /// Draws the embedding of codes, for random weights: mean 0 and variance 1, as PyTorch's
  /// Embedding starts. To be called after Parameters::randomize().
  void draw_embedding(std::uint64_t seed) const;

  const Sizes& sizes() const { return sizes_; }

  struct Source {
    at::Tensor values{}, lengths{};
  };
  /// What the only one of `sources` gave for a batch, as the network takes it.
  /// @param grid  what connect() was given
  /// @throws ContractError if it is of another grid; DataError naming the first clip with a code
  /// outside of the vocabulary, and the code.
  Source source_of(std::span<const SourceBatch> sources, const SourceSpec& grid) const;

  /// Frames `begin` - reach to `end` + reach of clips of one length T, as the convolutions take
  /// them, with zeros outside of the clip: float32 (B, channels, end - begin + 2 reach).
  at::Tensor channels(const at::Tensor& source, std::int64_t begin, std::int64_t end) const;
  /// Branch `number` after ReLU, with running statistics, from channels():
  /// (B, width, end - begin).
  at::Tensor branch(std::size_t number, const at::Tensor& channels) const;
  /// The branches' maxima over time, one after the other, of clips of one length. Long ones are
  /// computed piece by piece: (B, branches * width).
  at::Tensor pooled(const at::Tensor& source) const;

  /// (B, outputs) of clips of any length, with running statistics. A clip's frames after its length
  /// have no influence, nor have other clips.
  at::Tensor evaluate(const at::Tensor& source, const at::Tensor& lengths) const;

  /// The same with the statistics of the batch's valid frames, with which running statistics are
  /// updated (momentum 0.1), and dropout. @throws ConfigError for a batch of one clip.
  at::Tensor train(const at::Tensor& source, const at::Tensor& lengths, double dropout) const;

 private:
  struct Branch {
    at::Tensor weight{}, bias{};
    BatchNorm norm{};
  };

  void check_vocabulary(const at::Tensor& codes) const;
  at::Tensor embedded(const at::Tensor& codes, std::int64_t begin, std::int64_t end) const;
  at::Tensor scrambled(const at::Tensor& codes, std::int64_t begin, std::int64_t end) const;
  at::Tensor convolved(const Branch& branch, const at::Tensor& channels) const;
  at::Tensor maximum_in_training(const Branch& branch, const at::Tensor& channels,
                                 const at::Tensor& lengths) const;
  at::Tensor compressed(const at::Tensor& pooled, bool training, double dropout) const;
  at::Tensor of_length(const at::Tensor& source, std::int64_t length) const;
  std::int64_t frames(const at::Tensor& source) const;

  Sizes sizes_;
  at::Tensor embedding_{};
  std::vector<Branch> branches_{};
  at::Tensor first_, first_bias_, last_, last_bias_;
  BatchNorm norm_;
};

}  // namespace earshot::kit
