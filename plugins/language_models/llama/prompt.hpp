#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <earshot/language_model.hpp>

#include "framing.hpp"
#include "model.hpp"

namespace llama {

/// A sequence as the model reads it: tokens with vectors in between.
struct Reading {
  struct Piece {
    std::vector<std::int64_t> tokens{};
    at::Tensor values{};  ///< (T, width), instead of tokens
  };
  std::vector<Piece> pieces{};
  std::int64_t length = 0;  ///< number of positions

  void add(std::span<const std::int64_t> tokens);
  void add(at::Tensor values);
};

/// Maps audio codes to positions, one per frame: as tokens if the model's vocabulary has tokens for
/// them, otherwise as the sum of one new, trained row for the code of each codebook.
class CodeReader {
 public:
  /// New rows are drawn from LibTorch's generator.
  CodeReader(const earshot::CodeSpec& spec, const std::optional<SpeechTokens>& tokens,
             const Model& model);

  /// @throws ContractError for codes that do not match the spec or its first levels.
  void read(const at::Tensor& codes, Reading& into) const;

  const at::Tensor& rows() const { return rows_; }  ///< (sum of sizes, width), or undefined

 private:
  void check(const at::Tensor& codes) const;

  earshot::CodeSpec spec_;
  std::optional<SpeechTokens> tokens_{};
  at::Tensor rows_{};
};

/// The embeddings of concatenated sequences, (N, width).
at::Tensor embedded(const Model& model, std::span<const Reading> readings);

}  // namespace llama
