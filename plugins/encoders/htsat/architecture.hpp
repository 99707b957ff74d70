#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <lib/models/swin.hpp>

#include <earshot/kit/checkpoint.hpp>

#include "clap_front_end.hpp"

namespace htsat {

/// Origin of the model: determines names, clip lengths and what follows the tower.
enum class Family { msclap, mellow, transformers };

/// Hyper-parameters. Defaults: CLAP 2023 of msclap.
struct Architecture {
  Family family = Family::msclap;
  std::int64_t sample_rate = 44100;  ///< Hz, of the audio
  /// Frames, filters and length of clips. The filters of msclap are computed for 32 kHz, whatever
  /// the audio's rate.
  earshot::kit::ClapFrontEndOptions front_end{.sample_rate = 32000,
                                              .max_samples = 308'700,  // 7 s
                                              .hop = 320,
                                              .padding = earshot::kit::ClapPadding::repeat};
  std::int64_t picture = 256;  ///< rows and columns of the picture into which mel frames are folded
  std::array<std::int64_t, 2> patch{4, 4}, stride{4, 4};
  bool patch_norm = true;
  std::int64_t width = 96;  ///< of tokens in the first stage; doubled in each later one
  std::vector<std::int64_t> depths{2, 2, 6, 2}, heads{4, 8, 16, 32};
  std::int64_t window = 8;
  double mlp_ratio = 4, norm_epsilon = 1e-5;
  bool qkv_bias = true;
  std::int64_t fusion = 0;        ///< width inside the fusion block; 0: no fusion
  std::int64_t classes = 527;     ///< 0: no classifier
  std::int64_t embedding = 1024;  ///< width of the projection; 0: none

  std::int64_t stages() const { return static_cast<std::int64_t>(depths.size()); }
  std::int64_t folds() const { return picture / front_end.mels; }  ///< stretches in a picture
  std::int64_t frames() const { return picture * folds(); }        ///< mel frames in a picture
  earshot::kit::SwinStageOptions stage(std::int64_t number) const;
  std::int64_t final_width() const { return stage(stages() - 1).width; }
  /// Positions in time of a stage's tokens, for one picture.
  std::int64_t steps(std::int64_t stage_number) const {
    return folds() * stage(stage_number).columns;
  }
};

/// "msclap", "mellow", "laion_unfused", "laion_fused" as published; "tiny", "tiny_fused": small
/// versions.
Architecture preset(const std::string& name);

/// The architecture of a checkpoint: for msclap and Mellow from the shapes of the tensors, for
/// transformers from config.json and, if present, preprocessor_config.json.
/// @throws DataError
Architecture read_architecture(const earshot::kit::Checkpoint& checkpoint);

/// Maps the checkpoint's names to the model's.
earshot::kit::NameMap name_map(const earshot::kit::Checkpoint& checkpoint);

/// A tensor of the model, or its mel filters, by the name in the checkpoints of msclap and Mellow.
std::string msclap_name(const std::string& name);
constexpr const char* filters_name = "logmel_extractor.melW";

/// The mel filters in the checkpoint, like kit::MelFilters::dense(); undefined if there are none.
at::Tensor stored_filters(const earshot::kit::Checkpoint& checkpoint);

}  // namespace htsat
