#pragma once
#include <earshot/learner.hpp>

namespace htsat {

/// Gives back a picture from the tokens of a stage, while the model learns to reconstruct: a linear
/// layer from each token to the square of the picture that it stands for, as masked autoencoders
/// predict patches (He et al. 2022, "Masked Autoencoders Are Scalable Vision Learners", section 3).
class PictureDecoder {
 public:
  /// Draws weights as PyTorch's Linear does, +-1 / sqrt(width), from LibTorch's default generator.
  /// @param side  of the square, in cells of the picture
  PictureDecoder(std::int64_t width, std::int64_t side, c10::Device device);

  /// decoder.weight (side * side, width), decoder.bias: leaves that require gradients.
  const earshot::NamedTensors& parameters() const { return parameters_; }

  /// The squared error, the mean over cells; part `picture_error`. float32, mean over clips.
  /// @param tokens  (B, rows * columns, width), row by row
  /// @param picture  (B, 1, rows * side, columns * side)
  earshot::Losses loss(const at::Tensor& tokens, const at::Tensor& picture) const;

 private:
  std::int64_t side_;
  at::Tensor weight_, bias_;
  earshot::NamedTensors parameters_{};
};

}  // namespace htsat
