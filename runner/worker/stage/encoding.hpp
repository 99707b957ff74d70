#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include <earshot/codec.hpp>
#include <earshot/lookup.hpp>
#include <earshot/reader.hpp>

#include "protocol/stages.hpp"
#include "worker/cache/shard.hpp"
#include "worker/plugin/library.hpp"

namespace earshot::worker {

/// A recording that is ready for an encoder, and what it is called in messages.
struct Prepared {
  std::vector<float> samples{};
  std::string name{};
};

/// What an encoder makes of a recording, or of what it reads, in the form of the cache.
struct EncodedClip {
  std::vector<std::byte> values{};  ///< as ShardHeader says
  std::int64_t frames = 0, side = 0;
};

/// An encoder with the form that its features have in the cache. Everything that comes out of it is
/// checked against its promises. One that looks features up is asked by look_up(), one that reads
/// other encoders by read(), all others by encode().
class Encoding {
 public:
  /// @throws ConfigError for an unknown number type or audio policy, and for a reader that is not
  /// connected; Unsupported if codes are requested from an encoder that is not a codec, or only
  /// looks up.
  Encoding(const protocol::FeatureSource& source, c10::Device device);

  const AudioNeeds& needs() const { return needs_; }
  protocol::Facts facts() const;
  /// Header of a shard, without key and clips.
  const ShardHeader& layout() const { return layout_; }
  /// Approximate cache size for this many seconds of audio.
  double estimated_bytes(double seconds) const;

  /// What it makes of each recording.
  std::vector<EncodedClip> encode(std::span<const Prepared> recordings);

  bool takes_audio() const { return lookup_ == nullptr && reads_.empty(); }
  bool looks_up() const { return lookup_ != nullptr; }
  /// Values of a clip that lasts `seconds` (0: unknown); returns its number of frames.
  /// @throws DataError also where what was found is not as the encoder's spec() says.
  std::int64_t look_up(const ClipName& clip, double seconds, std::vector<std::byte>& values);

  /// What the encoder reads of others; empty: it takes audio, or looks features up.
  const std::vector<Reads>& reads() const { return reads_; }
  /// What a reader makes of clips with these names: a batch of each source, on the CPU.
  std::vector<EncodedClip> read(std::vector<SourceBatch> sources,
                                std::span<const std::string> names);

  double encode_seconds = 0;  ///< spent in the encoder so far

 private:
  /// What comes out of one call, on the CPU.
  struct Output {
    at::Tensor values{}, lengths{}, side{};
  };
  /// How long a clip is, in s. Encoders that a reader reads round differently.
  struct Duration {
    double least = 0, most = 0;
  };
  template <class Features, class Codes>
  Output call(std::span<const std::string> names, const Features& features, const Codes& codes);
  bool fits(std::int64_t frames, Duration duration) const;
  void check(const Output& output, std::span<const std::string> names,
             std::span<const Duration> durations) const;
  std::vector<EncodedClip> clips_of(const Output& output) const;
  static Duration duration_of(std::span<const SourceBatch> sources, std::int64_t clip);

  ComponentInstance made_;
  Codec* codec_ = nullptr;    ///< when codes are wanted
  Lookup* lookup_ = nullptr;  ///< when features are, of an encoder that has them by name
  std::vector<Reads> reads_;
  AudioNeeds needs_;
  c10::Device device_;
  std::string name_;
  ShardHeader layout_;
};

}  // namespace earshot::worker
