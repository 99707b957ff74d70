#pragma once
#include <earshot/audio.hpp>
#include <earshot/features.hpp>

namespace earshot::kit {

/// Checks that audio has the channels and sample rate that an encoder asked for.
/// @throws ContractError saying what it is and what it should be.
void check_audio(const AudioBatch& audio, const AudioNeeds& needs);

/// Checks that codes fit this spec of a codec, or its first levels.
/// @throws ContractError
void check_codes(const CodeBatch& codes, const CodeSpec& spec);

}  // namespace earshot::kit
