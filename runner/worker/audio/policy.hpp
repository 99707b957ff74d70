#pragma once
#include <string_view>

#include <earshot/audio.hpp>

#include "protocol/json.hpp"
#include "worker/audio/decode.hpp"

namespace earshot::worker {

/// `needs` with an experiment's overrides: {"crop": "first|centre|seeded", "pad":
/// "none|zero|repeat", "max_seconds": s, "min_seconds": s}, each optional.
/// @throws ConfigError naming the key and what is allowed.
AudioNeeds with_overrides(AudioNeeds needs, const protocol::Json& overrides);

/// The samples of a recording that an encoder with these needs receives: resampled, then cropped to
/// max_seconds, then padded to min_seconds. A seeded crop is drawn from `identity`, the identity of
/// the clip's content, so that all encoders and all runs get the same segment.
std::vector<float> prepare(const Sound& sound, const AudioNeeds& needs, std::string_view identity);

/// Recordings of at least one sample each as one batch on the CPU; for two channels, mono is copied
/// to both.
AudioBatch to_batch(const std::vector<std::vector<float>>& recordings, const AudioNeeds& needs);

}  // namespace earshot::worker
