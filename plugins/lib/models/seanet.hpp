#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <lib/models/config_text.hpp>
#include <lib/models/convolution.hpp>
#include <lib/models/lstm.hpp>

#include <earshot/kit/model_config.hpp>

namespace earshot::kit {

/// SEANet (Tagliasacchi et al. 2020, "SEANet: A Multi-modal Speech Enhancement Network"), as used
/// in EnCodec and Mimi. Defaults: EnCodec at 24 kHz.
struct SeanetOptions {
  std::int64_t channels = 1;  ///< of the audio
  std::int64_t width = 128;   ///< of the embeddings
  std::int64_t filters = 32;  ///< of the first layer; doubled with each ratio
  std::int64_t kernel = 7, last_kernel = 7, residual_kernel = 3;
  std::int64_t residual_layers = 1, dilation_growth = 2, compress = 2;
  std::int64_t lstm_layers = 2;                  ///< 0: none
  std::vector<std::int64_t> ratios{8, 5, 4, 2};  ///< strides in the decoder's order
  bool causal = true;
  bool convolution_shortcut = true;
  Padding padding = Padding::reflect;
  ConvolutionNorm norm = ConvolutionNorm::none;
  double trim_right = 1;

  std::int64_t hop() const;      ///< samples per embedding: the product of the ratios
  bool streams() const;          ///< whether forward() takes a stream
  std::int64_t stretch() const;  ///< number of embeddings of long audio to compute at once, even
};

/// The options that EnCodec's and Mimi's config.json have in common: all but `norm` and
/// `lstm_layers`.
/// @throws DataError naming the key that is missing or invalid.
SeanetOptions seanet_options(const ModelConfig& config);

/// Adds what seanet_options() reads.
void add_seanet(const SeanetOptions& options, ConfigText& config);

/// shortcut(x) + block(x), where the block is ELU and convolution twice.
class SeanetResidual {
 public:
  SeanetResidual(const SeanetOptions& options, std::int64_t width, std::int64_t dilation,
                 Parameters& parameters, const std::string& name);
  at::Tensor forward(const at::Tensor& x, Stream* stream) const;

 private:
  Convolution first_, second_;
  std::optional<Convolution> shortcut_{};
};

/// Layers are declared as <name>.layers.<n>, where n also counts layers without parameters.
class SeanetEncoder {
 public:
  SeanetEncoder(const SeanetOptions& options, Parameters& parameters, const std::string& name);
  /// Audio (B, channels, N) to (B, width, ceil(N / hop)).
  at::Tensor forward(const at::Tensor& audio, Stream* stream = nullptr) const;

 private:
  struct Stage {
    std::vector<SeanetResidual> residuals{};
    Convolution down;
  };
  at::Tensor run(const Stage& stage, at::Tensor x, Stream* stream) const;

  std::int64_t tile_;       // samples; 0: no tiles
  std::size_t narrow_ = 0;  // number of stages that run in tiles: the first ones
  std::optional<Convolution> first_{}, last_{};
  std::vector<Stage> stages_{};
  std::optional<SkipLstm> lstm_{};
};

class SeanetDecoder {
 public:
  SeanetDecoder(const SeanetOptions& options, Parameters& parameters, const std::string& name);
  /// (B, width, T) to audio (B, channels, T hop).
  at::Tensor forward(const at::Tensor& x, Stream* stream = nullptr) const;

 private:
  struct Stage {
    TransposedConvolution up;
    std::vector<SeanetResidual> residuals{};
  };
  at::Tensor run(const Stage& stage, const at::Tensor& x, Stream* stream) const;

  std::int64_t tile_;     // positions before the narrow stages; 0: no tiles
  std::size_t wide_ = 0;  // number of stages that do not run in tiles: the first ones
  std::optional<Convolution> first_{}, last_{};
  std::vector<Stage> stages_{};
  std::optional<SkipLstm> lstm_{};
};

}  // namespace earshot::kit
