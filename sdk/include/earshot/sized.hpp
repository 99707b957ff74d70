#pragma once
#include <earshot/encoder.hpp>

namespace earshot {

/// Ability of an encoder or a language model to count its parameters: its size is then shown with
/// its cost. Without this ability the size is unknown, which is not 0.
class EARSHOT_API Sized {
 public:
  static constexpr const char* contract = "sized";
  virtual ~Sized();

  /// Number of trainable parameters: weights, biases and codebooks, each once, of all parts that
  /// encode() and decode() run; for a language model all, a head tied to the embedding once,
  /// without adapters. Norms folded into weights don't count. Never changes.
  virtual std::int64_t parameter_count() const = 0;
};

}  // namespace earshot
