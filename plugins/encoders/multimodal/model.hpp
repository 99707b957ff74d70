#pragma once
#include <optional>
#include <vector>

#include <lib/models/batch_norm.hpp>
#include <lib/models/code_network.hpp>
#include <lib/models/parameters.hpp>

#include "sizes.hpp"

namespace multimodal {

/// What differs between a training and its use.
struct Mode {
  bool training = false;                 ///< statistics of the batch, and dropout
  double dropout = 0, deep_dropout = 0;  ///< shares of values that are set to 0
};

/// Linear, batch norm, and for most of them ReLU and dropout.
class Layer {
 public:
  Layer(std::int64_t in, std::int64_t out, earshot::kit::Parameters& parameters,
        const std::string& linear, const std::string& norm);
  at::Tensor normalised(const at::Tensor& x, bool training) const;
  at::Tensor operator()(const at::Tensor& x, bool training, double dropout) const;

 private:
  at::Tensor weight_, bias_;
  earshot::kit::BatchNorm norm_;
};

/// The encoder of study 001 (giblet-responses at 5ed01cc, `MultimodalEncoder`) up to its
/// bottleneck. Each modality has a branch with one vector per clip; these together go through
/// layers 4 to 7. Branches that are not read are not there.
///
/// Declares its tensors in Parameters under the published names: video_encoder.conv1,
/// audio_encoder.temporal_conv_k3, text_encoder.fc1, feature_conv.0, layer5.0, layer6.0,
/// layer7_bottleneck.0 ...
class Model {
 public:
  Model(const Sizes& sizes, earshot::kit::Parameters& parameters);
  const Sizes& sizes() const { return sizes_; }
  /// @throws std::bad_optional_access where audio is not read
  const earshot::kit::CodeNetwork& audio_network() const { return audio_.value(); }

  /// Convolutions of 3 x 3 with stride 2, batch norm and ReLU, and one linear layer of all that is
  /// left; dropout comes before its ReLU, as published.
  /// @param frames  float32 (B, channels, height, width)
  at::Tensor video(const at::Tensor& frames, const Mode& mode) const;
  at::Tensor audio(const earshot::kit::CodeNetwork::Source& source, const Mode& mode) const;
  at::Tensor text(const at::Tensor& features, const Mode& mode) const;  ///< of (B, text_inputs)

  /// Layers 4 to 7 of (B, pooled).
  struct Fused {
    at::Tensor layer4{}, layer5{}, layer6{}, bottleneck{};
  };
  Fused fused(const at::Tensor& pooled, const Mode& mode) const;

 private:
  struct Convolution {
    at::Tensor weight{}, bias{};
    earshot::kit::BatchNorm norm{};
  };
  void add_video(earshot::kit::Parameters& parameters);

  Sizes sizes_;
  std::vector<Convolution> convolutions_{};
  at::Tensor video_weight_{}, video_bias_{};
  std::optional<earshot::kit::CodeNetwork> audio_{};
  std::vector<Layer> text_{};
  std::vector<Layer> deep_{};  ///< layers 4 to 7
};

/// From the bottleneck to voxels: Linear, batch norm, ReLU, dropout, Linear. Most of the published
/// model's parameters are here.
class VoxelHead {
 public:
  VoxelHead(const Sizes& sizes, std::int64_t voxels, earshot::kit::Parameters& parameters);
  std::int64_t voxels() const { return weight_.size(0); }
  at::Tensor operator()(const at::Tensor& bottleneck, const Mode& mode) const;  ///< (B, voxels)

 private:
  Layer hidden_;
  at::Tensor weight_, bias_;
};

}  // namespace multimodal
