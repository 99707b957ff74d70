#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "architecture.hpp"

namespace llama {

/// Keys and values of what sequences have read, so that they can be continued. Every layer writes;
/// then begun() or appended() is called.
class Cache {
 public:
  /// Room for `sequences` of up to `positions`, which grows as needed.
  Cache(const Architecture& architecture, std::int64_t sequences, std::int64_t positions,
        c10::Device device);

  /// Number of positions of each sequence.
  const std::vector<std::int64_t>& lengths() const { return lengths_; }

  /// The beginning of the sequences `first`, first + 1, ...: keys and values (N, key-value heads,
  /// d) of all their positions, one sequence after the other.
  void begin(std::int64_t layer, std::int64_t first, const std::vector<std::int64_t>& lengths,
             const at::Tensor& keys, const at::Tensor& values);
  void begun(std::int64_t first, const std::vector<std::int64_t>& lengths);

  /// Makes room for one more position in each sequence.
  /// @returns the indices of these positions, int64 (B).
  at::Tensor next();
  /// Keys and values (B, key-value heads, d) of the next positions.
  /// @returns those of all positions, (B, key-value heads, longest, d) each.
  std::pair<at::Tensor, at::Tensor> append(std::int64_t layer, const at::Tensor& keys,
                                           const at::Tensor& values);
  /// Mask that hides positions beyond the end of shorter sequences, added to scores: 0 or
  /// -infinity, (B, 1, 1, longest).
  const at::Tensor& mask() const { return mask_; }
  void appended();

  void keep(const std::vector<std::int64_t>& sequences);  ///< and drops the others

 private:
  std::int64_t longest() const;

  std::vector<at::Tensor> keys_{}, values_{};  ///< of each layer (B, capacity, heads, d)
  std::vector<std::int64_t> lengths_;
  at::Tensor next_{}, mask_{};
};

}  // namespace llama
