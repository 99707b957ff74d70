#pragma once
#include <cstdint>

namespace earshot::protocol {

/// Part of the keys of features. Raised when decoding, mixing, resampling, cropping or padding
/// gives other samples (a golden test guards it), and when features are computed of them in another
/// way: other batches, another file format.
constexpr std::int64_t audio_version = 1, feature_version = 1;

}  // namespace earshot::protocol
