#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <lib/models/quantizer.hpp>
#include <lib/models/seanet.hpp>
#include <lib/models/transformer.hpp>

#include <earshot/component.hpp>
#include <earshot/kit/checkpoint.hpp>

namespace mimi {

/// Hyper-parameters. Defaults: the published model.
struct Architecture {
  earshot::kit::SeanetOptions seanet{.width = 512,
                                     .filters = 64,
                                     .last_kernel = 3,
                                     .lstm_layers = 0,
                                     .ratios = {8, 6, 5, 4},
                                     .convolution_shortcut = false,
                                     .padding = earshot::kit::Padding::zeros};
  earshot::kit::CausalTransformerOptions transformer{};
  std::int64_t sample_rate = 24000;                         ///< Hz
  std::int64_t resample_kernel = 4, upsample_groups = 512;  ///< in the layers of stride 2
  std::int64_t semantic_levels = 1, acoustic_levels = 31;
  std::int64_t codebook_size = 2048, codebook_width = 256;
  bool projected = true;   ///< codebooks have a different width
  bool from_sums = false;  ///< codebooks are stored as sums and usage, as in training

  std::int64_t levels() const { return semantic_levels + acoustic_levels; }
  std::int64_t hop() const { return 2 * seanet.hop(); }  ///< samples per frame of codes
};

/// "mimi" (as published) or "tiny" (a small version at the same rates).
Architecture preset(const std::string& name);

/// From the config.json next to the checkpoint; numbers of codebooks and kernels come from the file
/// itself.
/// @throws DataError
Architecture read_architecture(const earshot::kit::Checkpoint& checkpoint);

/// The text of a config.json from which read_architecture() reads the same, apart from what it
/// reads from the checkpoint itself.
std::string config_text(const Architecture& architecture);

/// Mimi (Defossez et al. 2024, "Moshi: a speech-text foundation model for real-time dialogue",
/// section 3.3), as transformers computes it. All clips of a call have the same length. Between
/// stages, tensors are (B, channels, T), as there.
class Model {
 public:
  Model(const Architecture& architecture, const earshot::kit::Checkpoint& checkpoint,
        c10::Device device);
  Model(const Architecture& architecture, std::uint64_t seed, c10::Device device);  ///< random

  const Architecture& architecture() const { return architecture_; }
  std::int64_t parameter_count() const { return parameters_.count(); }
  /// By their names in checkpoints, not copied.
  const std::map<std::string, at::Tensor>& tensors() const { return parameters_.tensors(); }
  /// What a checkpoint of the model holds: tensors(), with codebooks stored as they are used.
  earshot::NamedTensors checkpoint() const;
  /// The codebook of a level, from 0, semantic ones first: its name in tensors().
  std::string codebook_name(std::int64_t level) const;

  // From audio to codes. Audio (B, 1, N) has P = ceil(N / seanet.hop()) positions and T = ceil(P /
  // 2) frames.
  at::Tensor seanet(const at::Tensor& audio) const;           ///< (B, width, P)
  at::Tensor encoder_transformer(const at::Tensor& x) const;  ///< (B, width, P)
  at::Tensor latents(const at::Tensor& x) const;              ///< (B, width, T), not quantised
  /// The three steps in sequence, (B, 1, N) to (B, width, T), long recordings in segments: only the
  /// memory for the result grows with the length.
  at::Tensor encode(const at::Tensor& audio) const;
  at::Tensor semantic_projected(const at::Tensor& latents) const;  ///< (B, codebook_width, T)
  at::Tensor acoustic_projected(const at::Tensor& latents) const;  ///< (B, codebook_width, T)
  at::Tensor codes(const at::Tensor& latents, std::int64_t levels) const;  ///< (B, levels, T)

  // From codes to audio.
  /// Features (B, width, T) of the levels first, first + 1, ... (from 0): the sum of the codebooks'
  /// entries, projected by each half of the quantiser.
  at::Tensor embed(const at::Tensor& codes, std::int64_t first = 0) const;
  /// The same from what each half has quantised, (B, codebook_width, T); either may be undefined.
  at::Tensor joined(const at::Tensor& semantic, const at::Tensor& acoustic) const;
  at::Tensor upsample(const at::Tensor& features) const;         ///< (B, width, 2 T)
  at::Tensor decoder_transformer(const at::Tensor& x) const;     ///< (B, width, 2 T)
  at::Tensor decode(const at::Tensor& codes) const;              ///< audio (B, 1, T hop())
  at::Tensor decode_features(const at::Tensor& features) const;  ///< likewise, from embed()

 private:
  /// The semantic or the acoustic part of the quantiser.
  struct Half {
    at::Tensor in, out;  ///< projections; undefined if there are none
    earshot::kit::ResidualQuantizer quantizer;
  };
  Model(const Architecture& architecture, earshot::kit::Parameters parameters);
  Half declare_half(const std::string& name, std::int64_t levels);
  at::Tensor transform(const earshot::kit::CausalTransformer& transformer,
                       const at::Tensor& x) const;

  Architecture architecture_;
  earshot::kit::Parameters parameters_;
  earshot::kit::SeanetEncoder encoder_;
  earshot::kit::SeanetDecoder decoder_;
  earshot::kit::CausalTransformer encoder_transformer_, decoder_transformer_;
  earshot::kit::Convolution downsample_;
  earshot::kit::TransposedConvolution upsample_;
  Half semantic_, acoustic_;
};

}  // namespace mimi
