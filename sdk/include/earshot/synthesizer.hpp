#pragma once
#include <earshot/audio.hpp>
#include <earshot/features.hpp>

namespace earshot {

/// Ability of an encoder to turn features like its own back into audio: a vocoder, whose own
/// features are a mel spectrogram, or the decoder of continuous latents. Its spec() has a rate.
class EARSHOT_API Synthesizer {
 public:
  static constexpr const char* contract = "synthesizer";
  virtual ~Synthesizer();

  /// Audio of `features`, which have the encoder's spec() but need not come from encode(): another
  /// model may have predicted them. float32 (B, C, N), all finite; sample_rate and C are those of
  /// needs(), or for a Reader, whose needs() is not asked, the same in every call.
  ///
  /// Sample n corresponds to sample n of the audio that was encoded, as the host prepared it for
  /// needs(); row b lasts lengths[b] / frame_rate, at most a frame longer or shorter. Padding,
  /// batch and memory rules are those of Encoder::encode.
  ///
  /// Equal features give equal audio. A model that needs noise draws it from LibTorch's default
  /// generator, which the host seeds with the same number before every call. Noise must not depend
  /// on the rest of the batch either: draw one number per call, and seed from it a generator for
  /// each row.
  virtual AudioBatch synthesize(const FeatureBatch& features) = 0;
};

}  // namespace earshot
