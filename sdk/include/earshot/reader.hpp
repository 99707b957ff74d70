#pragma once
#include <span>
#include <variant>
#include <vector>

#include <earshot/features.hpp>

namespace earshot {

/// What a reader takes from one other encoder.
enum class Reads { features, codes };

/// Time grid of a source, and the features or codes of B clips: of the kind that reads() says.
using SourceSpec = std::variant<FeatureSpec, CodeSpec>;
using SourceBatch = std::variant<FeatureBatch, CodeBatch>;

/// Ability of an encoder that reads the features or codes of other encoders in place of audio:
/// clusters of features, a network over codes, a fusion of several. The experiment names its
/// sources, in order. The host calls read() instead of encode(), and read_codes() instead of
/// quantize(); encode() and quantize() throw Unsupported. needs() is never asked, since the audio
/// is prepared for each source as that source needs it; it may throw Unsupported too.
///
/// A source of rate f gives frame t for the time first_frame + t / f, in s from the start of the
/// clip, as its spec says. Sources may differ in rate and first frame: align them by time, not by
/// index. One of rate 0 gives a single frame for the whole clip.
class EARSHOT_API Reader {
 public:
  static constexpr const char* contract = "reader";
  virtual ~Reader();

  /// One for each source, in the order of the experiment; never changes, and known before
  /// connect(). The host refuses an experiment that names more or fewer sources.
  virtual std::vector<Reads> reads() const = 0;

  /// The time grids of the sources, once, before spec(), code_spec() or anything else is called;
  /// these may follow from them. Every batch of a source has the spec given here.
  /// @throws ConfigError if it cannot read such sources, saying what it can read.
  virtual void connect(std::span<const SourceSpec> sources) = 0;

  /// Features of B clips from all that the sources gave for them: float32 (B, T, D) with spec(),
  /// all finite.
  ///
  /// Row b of every source belongs to the same clip. Sources have their own T, and lengths of their
  /// own for each row: the first lengths[b] frames of row b are valid, the rest is padding, which
  /// must not affect the result. Padding is 0, and that is also a code: only lengths tell them
  /// apart. Features are float32; they, codes and lengths may be memory-mapped and must not be
  /// modified.
  ///
  /// Row b of a source with a rate lasts lengths[b] / frame_rate. Encoders round differently, so
  /// that sources may disagree about a clip by a frame or two of theirs. The result, if spec() has
  /// a rate, lasts as long as the shortest, the longest or something between, give or take one
  /// frame of spec(), and at least one frame. It has a rate only if a source has one.
  ///
  /// As in Encoder::encode, a row does not depend on the rest of the batch, and the result is
  /// zero-padded to its longest row.
  virtual FeatureBatch read(std::span<const SourceBatch> sources) = 0;

  /// The same as codes, for a reader that is also a Codec: with its code_spec(), lengths as above.
  /// Default: @throws Unsupported.
  virtual CodeBatch read_codes(std::span<const SourceBatch> sources);
};

}  // namespace earshot
