#pragma once
#include <string_view>

#include <earshot/audio.hpp>

#include "protocol/json.hpp"
#include "worker/audio/decode.hpp"

namespace earshot::worker {

/// `needs` with what an experiment overrides: {"crop": "first|centre|seeded", "pad":
/// "none|zero|repeat", "max_seconds": s, "min_seconds": s}, each optional.
/// @throws ConfigError naming the key and what is allowed.
AudioNeeds with_overrides(AudioNeeds needs, const protocol::Json& overrides);

/// The samples that an encoder with these needs gets of a recording: resampled, then cropped to
/// max_seconds, then padded to min_seconds. A seeded crop is drawn from `identity`, what the clip's
/// content is, so that all encoders and all runs hear the same stretch.
std::vector<float> prepare(const Sound& sound, const AudioNeeds& needs, std::string_view identity);

/// Recordings, each of at least one sample, as one batch on the CPU; with two channels mono on
/// both.
AudioBatch to_batch(const std::vector<std::vector<float>>& recordings, const AudioNeeds& needs);

}  // namespace earshot::worker
