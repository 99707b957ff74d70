#pragma once
#include <cstdint>

#include <earshot/codec.hpp>
#include <earshot/trial.hpp>

// Whether a codec gives a clip the same codes when it is coded a little differently.

namespace reconstruction {

inline constexpr int recodings = 10;
inline constexpr double shift_seconds = 0.002;  ///< as the step `shift` of scenes
inline constexpr double chunk_seconds = 1;

/// Shares of the codes of one clip that stay, over all levels and the frames that both have:
///   kept_recoded  after decoding and coding again ten times; each copy is as long as the original
///   kept_shifted  in the clip from 2 ms on, with 2 ms of silence at its end
///   kept_chunked  if each second (rounded to whole frames) is coded by itself and the codes are
///                 put together; left out if the clip has no second chunk, if the codec gives one
///                 frame per clip, or if it wants clips of a least length
/// Without side information, such as a loudness, in the codes compared.
/// @param codes  (1, Q, T), what `codec` gives for `audio`: all its levels or the first ones
/// @param audio  (1, C, N), as `codec` takes it
/// @param min_seconds  AudioNeeds::min_seconds of the codec, which a chunk could fall below
earshot::Numbers kept_codes(earshot::Codec& codec, const earshot::CodeBatch& codes,
                            const earshot::AudioBatch& audio, double min_seconds);

}  // namespace reconstruction
