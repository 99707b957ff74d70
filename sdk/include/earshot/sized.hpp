#pragma once
#include <earshot/encoder.hpp>

namespace earshot {

/// What an encoder or a language model also says when it can count what it has learnt: its size is
/// then shown beside what it costs. One without this ability has no size there, which is not 0.
class EARSHOT_API Sized {
 public:
  static constexpr const char* contract = "sized";
  virtual ~Sized();

  /// Numbers that training sets, or would: weights, biases and codebooks, each once, of all that
  /// encode() runs and of what decodes; of a language model all, a head tied to the embedding once,
  /// without adapters. Norms folded into weights don't count. Never changes.
  virtual std::int64_t parameter_count() const = 0;
};

}  // namespace earshot
