#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <lib/models/parameters.hpp>

namespace earshot::kit {

/// One stage of a Swin transformer (Liu et al. 2021, "Swin Transformer: Hierarchical Vision
/// Transformer using Shifted Windows").
struct SwinStageOptions {
  std::int64_t rows = 64, columns = 64;  ///< of the grid of tokens, multiples of the window
  std::int64_t width = 96, heads = 4, blocks = 2;
  std::int64_t window = 8;  ///< tokens on each side; a grid that is not larger is a single window
  std::int64_t mlp_width = 384;
  double norm_epsilon = 1e-5;  ///< in the blocks
  bool bias = true;            ///< for query, key and value
  bool separate_qkv = false;   ///< query, key and value are three tensors of the checkpoint
  bool merges = true;          ///< patch merging follows
};

/// Blocks of x + attention(norm(x)) and x + mlp(norm(x)), with attention within windows and a bias
/// for each relative position; in every second block the windows are shifted by half a window,
/// cyclically, and tokens from another edge are masked by -100.
class SwinStage {
 public:
  /// Declares <name>.blocks.<n>. + norm1, norm2, attn.proj, mlp.fc1, mlp.fc2 .{weight,bias},
  /// attn.qkv.{weight,bias} (or attn.{query,key,value}), attn.relative_position_bias_table; and
  /// <name>.downsample. + norm.{weight,bias}, reduction.weight.
  /// @throws ConfigError for sizes that do not fit windows or heads.
  SwinStage(const SwinStageOptions& options, Parameters& parameters, const std::string& name);

  const SwinStageOptions& options() const { return options_; }

  /// Gathers the biases from their tables: call it after the parameters have been filled, before
  /// forward().
  void tabulate();

  /// Tokens (B, rows * columns, width), row by row, after all blocks or the first `blocks`.
  at::Tensor forward(const at::Tensor& tokens, std::int64_t blocks = -1) const;

  /// Merges four neighbours into one token: (B, rows / 2 * columns / 2, 2 * width).
  at::Tensor merge(const at::Tensor& tokens) const;

 private:
  struct Affine {
    at::Tensor weight{}, bias{};
  };
  struct Block {
    Affine norm, qkv, out, mlp_norm, up, down;
    at::Tensor table;            ///< (offsets, heads)
    at::Tensor position_bias{};  ///< (1 or windows, heads, L, L), with L tokens per window
  };
  std::int64_t windows() const;
  at::Tensor normalised(const at::Tensor& x, const Affine& norm) const;
  at::Tensor attend(const at::Tensor& x, const Block& block) const;

  SwinStageOptions options_;
  std::vector<Block> blocks_{};
  Affine merge_norm_{}, reduction_{};
  /// Tokens stay in the order of windows from block to block. Indices from which each token is
  /// taken: row by row to plain windows, from plain to shifted ones and back, and from either back
  /// to row by row.
  at::Tensor to_plain_{}, to_shifted_{}, to_unshifted_{}, from_plain_{}, from_shifted_{};
};

}  // namespace earshot::kit
