#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <earshot/component.hpp>

namespace earshot::kit {

/// The multi-scale STFT discriminator of EnCodec (Defossez et al. 2022, "High Fidelity Neural Audio
/// Compression", section 3.4): for each window a network of 2-D convolutions over the complex
/// spectrum, real and imaginary part as channels, which tells original and decoded audio apart at
/// every place. Channels of the audio are judged one by one.
///
/// Each network: convolutions of 3 (time) x 9 (frequency), the first of stride 1, then three with
/// dilation 1, 2, 4 in time and stride 2 in frequency, one of 3 x 3, each with leaky ReLU of slope
/// 0.2, and one of 3 x 3 to the score. All with weight norm. (The paper says 3 x 8; its code,
/// which needs odd sizes, 3 x 9.) Windows are Hann's, every quarter of a window, spectra divided by
/// the window's norm.
class StftDiscriminator {
 public:
  struct Options {
    std::vector<std::int64_t> windows{2048, 1024, 512, 256, 128};  ///< samples
    std::int64_t filters = 32;                                     ///< of each convolution
  };
  /// Draws weights as PyTorch's convolutions do, from LibTorch's default generator.
  StftDiscriminator(const Options& options, c10::Device device);

  /// discriminators.<n>.convs.<m> and discriminators.<n>.conv_post + .weight_g, .weight_v, .bias.
  const NamedTensors& parameters() const { return parameters_; }

  /// For the discriminator: the mean over networks of max(0, 1 - D(original)) + max(0, 1 +
  /// D(decoded)), float32 scalars, means over clips.
  struct Judgement {
    at::Tensor original{}, decoded{};  ///< both terms; their sum is the loss
  };
  /// @param original, decoded  float32 (B, C, N)
  Judgement judge(const at::Tensor& original, const at::Tensor& decoded) const;

  /// For what decodes: the mean over networks of max(0, 1 - D(decoded)), and the mean over networks
  /// and layers of |difference of activations| / |activation of the original|, both means of a
  /// clip. The discriminator's own weights get no gradient.
  struct Critique {
    at::Tensor adversarial{}, features{};
  };
  Critique criticise(const at::Tensor& original, const at::Tensor& decoded) const;

 private:
  struct Layer {
    at::Tensor direction{}, scale{}, bias{};
    std::int64_t dilation = 1, stride = 1;
  };
  struct Network {
    at::Tensor window{};
    std::vector<Layer> layers{};
  };
  struct Seen {
    at::Tensor score{};                ///< (B C, 1, frames, bins)
    std::vector<at::Tensor> layers{};  ///< activations of all layers but the last
  };
  Layer layer(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t width,
              c10::Device device);
  Seen see(const Network& network, const at::Tensor& audio, bool learns) const;

  NamedTensors parameters_{};
  std::vector<Network> networks_{};
};

}  // namespace earshot::kit
