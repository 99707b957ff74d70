#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <lib/models/code_network_sizes.hpp>

#include <earshot/kit/checkpoint.hpp>
#include <earshot/options.hpp>
#include <earshot/reader.hpp>

namespace multimodal {

enum class Modality { video, audio, text };

/// The options, of which 0 (or an empty list) stands for the preset's size or that of the weights.
earshot::OptionSchema options();

/// Those that the options name, in the order of the published model.
/// @throws ConfigError if there is none, or if they are in another order.
std::vector<Modality> modalities_of(const earshot::Options& options);
std::string name_of(Modality modality);

/// Sizes of the model. Defaults: published (giblet-responses at 5ed01cc).
struct Sizes {
  std::vector<Modality> modalities{Modality::video, Modality::audio, Modality::text};
  std::int64_t channels = 3, height = 90, width = 160;  ///< of a video frame
  std::vector<std::int64_t> filters{32, 64, 128, 256};  ///< of each convolution over frames
  std::int64_t video_inputs =
      0;  ///< in a checkpoint: values that the convolutions leave of a frame
  std::int64_t video_outputs = 1024;
  earshot::kit::CodeNetworkSizes audio{};
  std::int64_t text_inputs = 1024, text_hidden = 512, text_outputs = 256;
  std::int64_t layer5 = 4096, layer6 = 8000, bottleneck = 2048;
  std::int64_t voxel_hidden = 16384;
  std::int64_t voxels = 0;  ///< 0: unknown until there is a label; the study's are 85,810

  bool has(Modality modality) const;
  std::int64_t frame_values() const { return channels * height * width; }
  std::int64_t flat() const;    ///< values that the convolutions leave of a frame of this size
  std::int64_t pooled() const;  ///< of all branches together: layers 3 and 4
};

/// What the names of the model's tensors begin with in a checkpoint of it, or of a larger model
/// that has it, such as the study's autoencoder. @throws DataError if there is none, or more than
/// one.
std::string prefix_in(const earshot::kit::Checkpoint& checkpoint);

/// The sizes of the model in a checkpoint, with the published ones where it does not tell: those of
/// a frame. @throws DataError
Sizes read_sizes(const earshot::kit::Checkpoint& checkpoint, const std::string& prefix);

/// The sizes for these sources, one for each modality.
/// @param stored  those of the checkpoint, if there is one
/// @throws ConfigError if options, checkpoint and sources do not fit each other, saying how.
Sizes sizes_for(const earshot::Options& options, const std::optional<Sizes>& stored,
                std::span<const earshot::SourceSpec> sources);

}  // namespace multimodal
