#pragma once
#include <cstdint>
#include <string>

#include <lib/models/parameters.hpp>

namespace htsat {

/// From a vector of the tower to the joint space of audio and text: norm(e + second(gelu(e))) with
/// e = first(x) in msclap and Mellow, or second(relu(first(x))) in transformers.
class Projection {
 public:
  /// Declares <name>.linear{1,2}.weight, and .layer_norm.{weight,bias} or .linear{1,2}.bias.
  Projection(std::int64_t in, std::int64_t out, bool residual, earshot::kit::Parameters& parameters,
             const std::string& name);

  at::Tensor forward(const at::Tensor& x) const;  ///< (..., in) to (..., out)

 private:
  bool residual_;
  at::Tensor first_, first_bias_{}, second_, second_bias_{}, norm_weight_{}, norm_bias_{};
};

/// Attentional feature fusion (Dai et al. 2021), as CLAP uses it for clips that are too long (Wu et
/// al. 2023, "Large-Scale Contrastive Language-Audio Pretraining with Feature Fusion").
class Fusion {
 public:
  /// Declares <name>.{local,global}_att.<n>. + convolutions of 1 by 1 and batch norms.
  Fusion(std::int64_t width, std::int64_t inner, earshot::kit::Parameters& parameters,
         const std::string& name);

  /// Both (B, width, rows, columns).
  at::Tensor forward(const at::Tensor& whole, const at::Tensor& parts) const;

 private:
  struct Layer {
    at::Tensor weight, bias;
    at::Tensor norm_weight, norm_bias, mean, variance;
    at::Tensor forward(const at::Tensor& x) const;
  };
  Layer local_[2], global_[2];
};

}  // namespace htsat
