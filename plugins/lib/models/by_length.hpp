#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace earshot::kit {

/// Clips of equal length need no padding when they are computed together: each result is the same
/// as alone. Calls work(n, clips) for the clips (indices) of length n, with at most `most` of them
/// at once.
void each_length(
    const at::Tensor& lengths, std::int64_t most,
    const std::function<void(std::int64_t length, const std::vector<std::int64_t>& clips)>& work);

/// These clips of a batch (B, ...).
at::Tensor pick(const at::Tensor& batch, const std::vector<std::int64_t>& clips);

/// Results of different lengths as a batch.
struct Padded {
  at::Tensor values{};   ///< (B, T, ...), with zeros after the shorter ones
  at::Tensor lengths{};  ///< int64 (B), on the CPU
};
Padded padded(const std::vector<at::Tensor>& rows);  ///< each (its own T, ...)

/// For each clip of `batch` (B, C, N) a row of work(clips (b, C, n)), which returns (b, T, ...).
Padded by_length(const at::Tensor& batch, const at::Tensor& lengths, std::int64_t most,
                 const std::function<at::Tensor(const at::Tensor& clips)>& work);

}  // namespace earshot::kit
