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
/// sources, in order. The host calls read() instead of encode(), and quantize() is not called
/// either; both throw Unsupported, and needs() is not asked.
class EARSHOT_API Reader {
 public:
  static constexpr const char* contract = "reader";
  virtual ~Reader();

  /// One for each source, in the order of the experiment; never changes, and known before
  /// connect(). The host refuses an experiment that names more or fewer sources.
  virtual std::vector<Reads> reads() const = 0;

  /// The time grids of the sources, once, before spec(), code_spec() or anything else is called;
  /// these may follow from them.
  /// @throws ConfigError if it cannot read such sources, saying what it can read.
  virtual void connect(std::span<const SourceSpec> sources) = 0;

  /// Features of B clips from all that the sources gave for them: float32 (B, T, D) with spec(),
  /// all finite. Row b of every source belongs to the same clip; sources may differ in rate and
  /// length. Padding and batch follow the rules of Encoder::encode. `sources` may not be modified.
  virtual FeatureBatch read(std::span<const SourceBatch> sources) = 0;

  /// The same as codes, for a reader that is also a Codec: with its code_spec().
  /// Default: @throws Unsupported.
  virtual CodeBatch read_codes(std::span<const SourceBatch> sources);
};

}  // namespace earshot
