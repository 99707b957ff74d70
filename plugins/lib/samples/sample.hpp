#pragma once
#include <string>

#include <earshot/audio.hpp>
#include <earshot/trial.hpp>

namespace earshot::kit {

/// Leaves what was made of a recording as artifacts of the run: NAME_before.flac and
/// NAME_after.flac, of 16 bits (samples outside [-1, 1] are clipped), and NAME.png with the
/// spectrograms of both (picture.hpp). `runner report` shows artifacts of these names.
/// @param before, after  one clip each, at the same sample rate; channels are averaged
/// @throws Unsupported if the run keeps no artifacts; DataError if they cannot be written
void leave_sample(Trial& trial, const std::string& name, const AudioBatch& before,
                  const AudioBatch& after);

}  // namespace earshot::kit
