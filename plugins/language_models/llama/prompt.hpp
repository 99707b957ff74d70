#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <earshot/language_model.hpp>

#include "framing.hpp"
#include "model.hpp"

namespace llama {

/// A sequence as the model reads it: tokens, and vectors between them.
struct Reading {
  struct Piece {
    std::vector<std::int64_t> tokens{};
    at::Tensor values{};  ///< (T, width), in place of tokens
  };
  std::vector<Piece> pieces{};
  std::int64_t length = 0;  ///< positions

  void add(std::span<const std::int64_t> tokens);
  void add(at::Tensor values);
};

/// How audio codes become positions, one a frame: as tokens that the model's vocabulary has for
/// them, or else as the sum of one new row for the code of each codebook, which are trained.
class CodeReader {
 public:
  /// New rows are drawn from LibTorch's generator.
  CodeReader(const earshot::CodeSpec& spec, const std::optional<SpeechTokens>& tokens,
             const Model& model);

  /// @throws ContractError for codes that are not of the spec or of its first levels.
  void read(const at::Tensor& codes, Reading& into) const;

  const at::Tensor& rows() const { return rows_; }  ///< (sum of sizes, width), or undefined

 private:
  void check(const at::Tensor& codes) const;

  earshot::CodeSpec spec_;
  std::optional<SpeechTokens> tokens_{};
  at::Tensor rows_{};
};

/// Sequences one after the other as embeddings, (N, width).
at::Tensor embedded(const Model& model, std::span<const Reading> readings);

}  // namespace llama
