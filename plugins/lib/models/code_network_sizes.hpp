#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <earshot/kit/checkpoint.hpp>
#include <earshot/options.hpp>
#include <earshot/reader.hpp>

namespace earshot::kit {

/// Sizes of a CodeNetwork. Defaults: published, for codes.
struct CodeNetworkSizes {
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

/// The options of a component that has such a network: what it reads, and sizes of which 0 stands
/// for the usual one or that of the checkpoint. Each name begins with `prefix`.
OptionSchema code_network_options(const std::string& prefix = "");

/// What the options say that the network reads.
CodeNetworkSizes::Input code_network_input(const Options& options, const std::string& prefix = "");

/// What the names of such a network's tensors begin with in a checkpoint of it, or of a larger
/// model that has it. @throws DataError if there is none, or more than one.
std::string code_network_prefix(const Checkpoint& checkpoint);

/// The sizes of a network whose tensors in a checkpoint begin with `prefix`.
/// @throws DataError
CodeNetworkSizes stored_code_network(const Checkpoint& checkpoint, const std::string& prefix);

/// The sizes of a network that reads this source.
/// @param stored  those of the checkpoint, if there is one
/// @param usual  those without; for features, a branch is half as wide as for codes, as published
/// @throws ConfigError if options, checkpoint and source do not fit each other, saying how.
CodeNetworkSizes code_network_sizes(const Options& options, const std::string& prefix,
                                    const std::optional<CodeNetworkSizes>& stored,
                                    const CodeNetworkSizes& usual, const SourceSpec& source);

/// Sets `size` to the value of an option, unless that is 0.
/// @param stored  whether `size` is that of a checkpoint
/// @throws ConfigError for another value than the checkpoint has
void choose_size(const Options& options, const std::string& name, bool stored, std::int64_t& size);

/// The size of dimension `axis` of a tensor in a checkpoint, which has `dimensions`.
/// @param model  name of the model that is expected, for messages
/// @throws DataError if there is no such tensor, or one of another form
std::int64_t stored_size(const Checkpoint& checkpoint, const std::string& name, std::size_t axis,
                         std::size_t dimensions, const std::string& model);

}  // namespace earshot::kit
