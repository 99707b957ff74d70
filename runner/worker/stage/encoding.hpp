#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include <earshot/codec.hpp>
#include <earshot/lookup.hpp>

#include "protocol/stages.hpp"
#include "worker/cache/shard.hpp"
#include "worker/plugin/library.hpp"

namespace earshot::worker {

/// A recording that is ready for an encoder, and what it is called in messages.
struct Prepared {
  std::vector<float> samples{};
  std::string name{};
};

/// What an encoder makes of a recording, in the form of the cache.
struct EncodedClip {
  std::vector<std::byte> values{};  ///< as ShardHeader says
  std::int64_t frames = 0, side = 0;
};

/// An encoder with the form that its features have in the cache. Everything that comes out of it is
/// checked against its promises. One that looks features up is asked by look_up(), the others by
/// encode().
class Encoding {
 public:
  /// @throws ConfigError for an unknown number type or audio policy; Unsupported if codes are
  /// requested from an encoder that is not a codec, or only looks up.
  Encoding(const protocol::FeatureSource& source, c10::Device device);

  const AudioNeeds& needs() const { return needs_; }
  protocol::Facts facts() const;
  /// Header of a shard, without key and clips.
  const ShardHeader& layout() const { return layout_; }
  /// Approximate cache size for this many seconds of audio.
  double estimated_bytes(double seconds) const;

  /// What it makes of each recording.
  std::vector<EncodedClip> encode(std::span<const Prepared> recordings);

  bool looks_up() const { return lookup_ != nullptr; }
  /// Values of a clip that lasts `seconds` (0: unknown); returns its number of frames.
  /// @throws DataError also where what was found is not as the encoder's spec() says.
  std::int64_t look_up(const ClipName& clip, double seconds, std::vector<std::byte>& values);

  double encode_seconds = 0;  ///< spent in the encoder so far

 private:
  at::Tensor run(const AudioBatch& audio, std::span<const Prepared> recordings, at::Tensor& lengths,
                 at::Tensor& side);
  bool fits(std::int64_t frames, double expected) const;
  void check(const at::Tensor& values, const at::Tensor& lengths, const AudioBatch& audio,
             std::span<const Prepared> recordings) const;

  ComponentInstance made_;
  Codec* codec_ = nullptr;    ///< when codes are wanted
  Lookup* lookup_ = nullptr;  ///< when features are, of an encoder that has them by name
  AudioNeeds needs_;
  c10::Device device_;
  std::string name_;
  ShardHeader layout_;
};

}  // namespace earshot::worker
