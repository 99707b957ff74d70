#pragma once
#include <earshot/audio.hpp>
#include <earshot/features.hpp>

namespace earshot::kit {

/// Whether audio is what an encoder asked for: channels and sample rate.
/// @throws ContractError saying what it is and what it should be.
void check_audio(const AudioBatch& audio, const AudioNeeds& needs);

/// Whether codes are those of a codec with this spec, or of its first levels.
/// @throws ContractError
void check_codes(const CodeBatch& codes, const CodeSpec& spec);

}  // namespace earshot::kit
