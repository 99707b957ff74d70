#pragma once
#include <cstdint>

namespace earshot::protocol {

/// Version of what the worker does to a sound file before an encoder sees it: decoding, mixing
/// down, resampling, cropping, padding. Raised when any of it gives other samples; part of the keys
/// of features and cells, and guarded by a test of known samples.
constexpr std::int64_t audio_version = 2;

/// Version of what the host does to items: folds, validation share, limit, shuffled labels.
/// Likewise.
constexpr std::int64_t split_version = 1;

/// Version of how metrics of a cell get their intervals. Likewise.
constexpr std::int64_t interval_version = 2;

}  // namespace earshot::protocol
