#pragma once
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace earshot::kit {

/// Residual vector quantisation: each level codes the residual of the levels before it (Zeghidour
/// et al. 2021, "SoundStream", section III-C).
class ResidualQuantizer {
 public:
  /// `codebooks`: float32 (entries, D) for each level, as handles: may be filled later.
  explicit ResidualQuantizer(std::vector<at::Tensor> codebooks)
      : codebooks_(std::move(codebooks)) {}

  std::int64_t levels() const { return static_cast<std::int64_t>(codebooks_.size()); }
  std::int64_t entries(std::int64_t level) const {
    return codebooks_.at(static_cast<std::size_t>(level)).size(0);
  }

  /// Nearest entries, the first of equal ones: x (B, T, D) to int64 (B, levels, T).
  at::Tensor encode(const at::Tensor& x, std::int64_t levels) const;

  /// The sum of the entries of levels `first`, first + 1, ... (from 0), which correspond to the
  /// rows of `codes`: (B, Q, T) to (B, T, D).
  at::Tensor decode(const at::Tensor& codes, std::int64_t first = 0) const;

 private:
  std::vector<at::Tensor> codebooks_;
};

}  // namespace earshot::kit
