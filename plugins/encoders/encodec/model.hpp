#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <lib/models/quantizer.hpp>
#include <lib/models/seanet.hpp>

#include <earshot/kit/checkpoint.hpp>

namespace encodec {

/// Hyper-parameters. Defaults: the published model at 24 kHz.
struct Architecture {
  earshot::kit::SeanetOptions seanet{};
  std::int64_t sample_rate = 24000;                   ///< Hz
  std::vector<double> bandwidths{1.5, 3, 6, 12, 24};  ///< kbit/s for which the model was trained
  std::int64_t codebooks = 32, codebook_size = 1024;
  bool normalize = false;              ///< scale each chunk to a mean square of 1
  std::int64_t chunk = 0, stride = 0;  ///< samples; 0: all audio is a single chunk

  /// Frames per second of one codebook in a chunk: ceil(sample_rate / hop).
  std::int64_t frame_rate() const;
  /// Number of codebooks within `bandwidth` kbit/s, as in the reference: floor(1000 bandwidth /
  /// (log2(codebook_size) frame_rate)), at least 1.
  std::int64_t levels(double bandwidth) const;
};

/// "24khz", "48khz" (as published), "tiny" and "tiny_stereo" (small versions at the same rates).
Architecture preset(const std::string& name);

/// From the config.json next to the checkpoint; the number of codebooks comes from the file itself.
/// @throws DataError
Architecture read_architecture(const earshot::kit::Checkpoint& checkpoint);

/// The text of a config.json from which read_architecture() reads the same, apart from the number
/// of codebooks.
std::string config_text(const Architecture& architecture);

/// Codes of clips of one length. With `chunk` 0 there is one chunk.
struct Codes {
  std::vector<at::Tensor> chunks{};  ///< int64 (B, levels, frames of the chunk)
  std::vector<at::Tensor> scales{};  ///< float32 (B, 1) by chunk; empty unless normalized
};

/// EnCodec (Defossez, Copet, Synnaeve, Adi 2022, "High Fidelity Neural Audio Compression"), as
/// transformers computes it. All clips of a call have the same length; there is no padding.
class Model {
 public:
  Model(const Architecture& architecture, const earshot::kit::Checkpoint& checkpoint,
        c10::Device device);
  Model(const Architecture& architecture, std::uint64_t seed, c10::Device device);  ///< random

  const Architecture& architecture() const { return architecture_; }
  std::int64_t parameter_count() const { return parameters_.count(); }
  /// By their names in checkpoints, not copied; weight norms are folded into their weights.
  const std::map<std::string, at::Tensor>& tensors() const { return parameters_.tensors(); }
  static std::string codebook_name(std::int64_t level);

  /// Embeddings before the quantiser: audio (B, channels, N) to (B, frames, width) by chunk.
  /// Appends the loudness of each chunk, (B, 1), to `scales` if audio is normalized.
  std::vector<at::Tensor> embeddings(const at::Tensor& audio,
                                     std::vector<at::Tensor>& scales) const;
  /// Codes of one chunk's embeddings, (B, levels, frames).
  at::Tensor codes(const at::Tensor& embeddings, std::int64_t levels) const;
  /// Sum of the codebooks' entries, (B, Q, frames) to (B, frames, width); `first` counts from 0.
  at::Tensor embed(const at::Tensor& codes, std::int64_t first = 0) const;
  /// Audio (B, channels, N); N is the length of the coded audio, rounded up to whole frames.
  at::Tensor decode(const Codes& codes) const;
  /// The same from the quantised embeddings of each chunk, (B, frames, width), all at once.
  at::Tensor decode(const std::vector<at::Tensor>& chunks,
                    const std::vector<at::Tensor>& scales) const;

 private:
  Model(const Architecture& architecture, bool weight_norm, earshot::kit::Parameters parameters);
  /// Audio of the chunks as one.
  at::Tensor joined(std::vector<at::Tensor> chunks, const std::vector<at::Tensor>& scales) const;
  at::Tensor overlap_add(const std::vector<at::Tensor>& chunks) const;

  Architecture architecture_;
  earshot::kit::Parameters parameters_;
  earshot::kit::SeanetEncoder encoder_;
  earshot::kit::SeanetDecoder decoder_;
  earshot::kit::ResidualQuantizer quantizer_;
};

}  // namespace encodec
