#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <lib/models/parameters.hpp>

#include "architecture.hpp"

namespace code_cnn {

/// The audio encoder of study 001 (giblet-responses at 5ed01cc, `AudioEncoder`): for each kernel a
/// convolution over time, batch norm, ReLU and the maximum over time; all of these together through
/// Linear, batch norm, ReLU, dropout, Linear.
///
/// `source` below: codes int64 (B, books, T), or features floating (B, T, bands). Names of tensors
/// are the published ones: code_embedding, temporal_conv_k3, bn_k3, fc.0, fc.1, fc.4.
class Model {
 public:
  Model(const Architecture& architecture, const earshot::kit::Checkpoint& checkpoint,
        const std::string& prefix, c10::Device device);
  Model(const Architecture& architecture, std::uint64_t seed, c10::Device device);  ///< random

  const Architecture& architecture() const { return architecture_; }

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

  /// All tensors, with those that are not trained: running means and variances.
  const std::map<std::string, at::Tensor>& tensors() const { return parameters_.tensors(); }
  static bool is_trained(const std::string& name);

  /// @throws DataError naming the first clip with a code outside of the vocabulary, and the code.
  void check_vocabulary(const at::Tensor& codes) const;

 private:
  struct Norm {
    at::Tensor weight{}, bias{}, mean{}, variance{};
    at::Tensor operator()(const at::Tensor& x, bool training) const;  ///< (N, C) or (N, C, T)
  };
  struct Branch {
    at::Tensor weight{}, bias{};
    Norm norm{};
  };

  Model(const Architecture& architecture, earshot::kit::Parameters parameters);
  Norm add_norm(const std::string& name, std::int64_t width);
  at::Tensor embedded(const at::Tensor& codes, std::int64_t begin, std::int64_t end) const;
  at::Tensor scrambled(const at::Tensor& codes, std::int64_t begin, std::int64_t end) const;
  at::Tensor convolved(const Branch& branch, const at::Tensor& channels) const;
  at::Tensor maximum_in_training(const Branch& branch, const at::Tensor& channels,
                                 const at::Tensor& lengths) const;
  at::Tensor compressed(const at::Tensor& pooled, bool training, double dropout) const;
  at::Tensor of_length(const at::Tensor& source, std::int64_t length) const;
  std::int64_t frames(const at::Tensor& source) const;

  Architecture architecture_;
  earshot::kit::Parameters parameters_;
  at::Tensor embedding_{};
  std::vector<Branch> branches_{};
  at::Tensor first_, first_bias_, last_, last_bias_;
  Norm norm_;
};

}  // namespace code_cnn
