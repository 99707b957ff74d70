#pragma once
#include <earshot/audio.hpp>
#include <earshot/features.hpp>

namespace earshot {

/// Ability of an encoder to turn features like its own back into audio: a vocoder, whose own
/// features are a mel spectrogram, or the decoder of continuous latents.
class EARSHOT_API Synthesizer {
 public:
  static constexpr const char* contract = "synthesizer";
  virtual ~Synthesizer();

  /// Audio of `features`, which have the encoder's spec(): float32 (B, C, N), all finite. Sample n
  /// corresponds to sample n of the audio that was encoded; at most a frame longer or shorter.
  /// Padding, batch and memory rules are those of Encoder::encode.
  virtual AudioBatch synthesize(const FeatureBatch& features) = 0;
};

}  // namespace earshot
