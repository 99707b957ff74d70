#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <earshot/kit/checkpoint.hpp>
#include <earshot/options.hpp>
#include <earshot/reader.hpp>

namespace code_cnn {

/// What the convolutions get.
enum class Input {
  embedded_codes,  ///< codes through a learnt embedding, one table for all codebooks
  code_indices,    ///< codes as real numbers: one channel per codebook, 0 to its size - 1
  features,        ///< a source's features: mel bands, or the vectors that codes stand for
};

/// How embeddings (B, books, T, embedding) become channels (B, books * embedding, T).
enum class Layout {
  transposed,  ///< time stays time: channel q * embedding + e is value e of codebook q
  published,   ///< the same memory with the new shape: channels and time are scrambled
};

/// Sizes. Defaults: published, for codes.
struct Architecture {
  Input input = Input::embedded_codes;
  Layout layout = Layout::transposed;
  std::int64_t books = 8;                          ///< codebooks that are read; for codes
  std::int64_t bands = 2048;                       ///< width of the source's features; for features
  std::int64_t vocabulary = 1024, embedding = 64;  ///< for embedded codes
  std::vector<std::int64_t> kernels{3, 5, 7};      ///< frames, odd: one branch each, in this order
  std::int64_t width = 128;                        ///< channels of each branch
  std::int64_t hidden = 256, outputs = 256;

  std::int64_t channels() const;  ///< of the convolutions' input
  std::int64_t reach() const;     ///< frames on either side that the widest kernel covers
};

/// The options, of which 0 stands for the published size or that of the checkpoint.
earshot::OptionSchema options();

/// The architecture of a checkpoint of this class or of a larger model that contains it, and where
/// it is there.
struct Stored {
  Architecture sizes{};
  std::string prefix{};  ///< of its names in the file
};
/// @throws DataError
Stored read_stored(const earshot::kit::Checkpoint& checkpoint);

/// The architecture for this source.
/// @throws ConfigError if options, checkpoint and source do not fit each other, saying how.
Architecture architecture(const earshot::Options& options, const std::optional<Stored>& stored,
                          const earshot::SourceSpec& source);

Input input_of(const earshot::Options& options);

}  // namespace code_cnn
