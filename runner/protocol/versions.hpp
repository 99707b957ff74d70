#pragma once
#include <cstdint>

namespace earshot::protocol {

/// Version of what the worker does to a sound file before an encoder sees it: decoding, mixing
/// down, resampling, cropping, padding. Raised when any of it gives other samples. Part of the keys
/// of features and cells; a test compares known samples.
constexpr std::int64_t audio_version = 2;

/// Version of what the host does to items: folds, validation share, limit, shuffled labels.
/// Likewise.
constexpr std::int64_t split_version = 1;

/// Version of how intervals of metrics are computed. Likewise.
constexpr std::int64_t interval_version = 2;

}  // namespace earshot::protocol
