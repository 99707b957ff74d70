#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <lib/models/parameters.hpp>
#include <lib/models/rotary.hpp>
#include <lib/models/stream.hpp>

namespace earshot::kit {

/// Defaults: Mimi's.
struct CausalTransformerOptions {
  std::int64_t width = 512, layers = 8, heads = 8, key_value_heads = 8, head_width = 64;
  std::int64_t mlp_width = 2048;
  std::int64_t window = 250;  ///< positions that a position sees, including itself; 0: all before
  double rope_theta = 10000;
  double norm_epsilon = 1e-5;
  bool attention_bias = false;
  bool tanh_gelu = false;  ///< the approximation instead of erf
  /// Of untrained layer scales. Mimi's 0.01 keeps a deep model near the identity at first; 1 is a
  /// transformer without layer scales.
  double first_scale = 0.01;
};

/// Layers of x + s1 attention(norm(x)) and x + s2 mlp(norm(x)), with layer scales s1 and s2
/// (Touvron et al. 2021, "Going deeper with Image Transformers"), LayerNorm before each, no final
/// norm, rotary positions and causal attention within a window. All in float32.
class CausalTransformer {
 public:
  /// Declares <name>.layers.<n>. + self_attn.{q,k,v,o}_proj.weight, mlp.fc1.weight, mlp.fc2.weight,
  /// {input,post_attention}_layernorm.{weight,bias}, {self_attn,mlp}_layer_scale.scale.
  CausalTransformer(const CausalTransformerOptions& options, Parameters& parameters,
                    const std::string& name);

  at::Tensor forward(const at::Tensor& x, Stream* stream = nullptr) const;  ///< (B, T, width)

 private:
  struct Linear {
    at::Tensor weight, bias;
  };
  struct Layer {
    Linear query, key, value, out, up, down;
    at::Tensor norm_weight, norm_bias, scale;
    at::Tensor mlp_norm_weight, mlp_norm_bias, mlp_scale;
  };
  at::Tensor attention(const Layer& layer, const at::Tensor& x, const Rotation& rotation,
                       Stream* stream) const;
  at::Tensor attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) const;

  CausalTransformerOptions options_;
  std::vector<Layer> layers_{};
};

}  // namespace earshot::kit
