#include "prompt.hpp"

#include <cmath>
#include <string>
#include <utility>

#include <ATen/ATen.h>

#include <earshot/error.hpp>

namespace llama {

using earshot::ContractError;

void Reading::add(std::span<const std::int64_t> tokens) {
  if (tokens.empty()) return;
  if (pieces.empty() || pieces.back().values.defined()) pieces.emplace_back();
  auto& all = pieces.back().tokens;
  all.insert(all.end(), tokens.begin(), tokens.end());
  length += std::ssize(tokens);
}

void Reading::add(at::Tensor values) {
  if (values.size(0) == 0) return;
  length += values.size(0);
  pieces.push_back({.values = std::move(values)});
}

CodeReader::CodeReader(const earshot::CodeSpec& spec, const std::optional<SpeechTokens>& tokens,
                       const Model& model)
    : spec_(spec) {
  if (tokens && spec.codebooks() == 1 && spec.sizes.front() == tokens->count) {
    tokens_ = tokens;
    return;
  }
  std::int64_t rows = 0;
  for (const auto size : spec.sizes)
    rows += size;
  // The initial deviation of frames is that of text embeddings.
  const auto deviation = model
                             .embed(at::arange(model.architecture().vocabulary,
                                               model.head().options().dtype(at::kLong)))
                             .to(at::kFloat)
                             .std()
                             .item<double>() /
                         std::sqrt(static_cast<double>(spec.codebooks()));
  rows_ = at::empty({rows, model.architecture().width}, model.head().options().dtype(at::kFloat))
              .normal_(0, deviation)
              .set_requires_grad(true);
}

void CodeReader::check(const at::Tensor& codes) const {
  if (codes.dim() != 2 || codes.scalar_type() != at::kLong || codes.size(0) < 1 ||
      codes.size(0) > spec_.codebooks())
    throw ContractError("audio codes are " + c10::str(codes.scalar_type(), codes.sizes()) +
                        "; expected int64 (Q, T) with at most " +
                        std::to_string(spec_.codebooks()) + " codebooks");
  for (std::int64_t q = 0; q < codes.size(0); ++q) {
    const auto row = codes[q];
    const auto size = spec_.sizes[static_cast<std::size_t>(q)];
    if (row.numel() > 0 &&
        (row.min().item<std::int64_t>() < 0 || row.max().item<std::int64_t>() >= size))
      throw ContractError("audio codes of codebook " + std::to_string(q) + " are not within 0 to " +
                          std::to_string(size - 1));
  }
}

void CodeReader::read(const at::Tensor& codes, Reading& into) const {
  check(codes);
  if (tokens_) {
    const auto ids = (codes[0] + tokens_->first).to(at::kCPU).contiguous();
    into.add(tokens_->before);
    into.add(std::span(ids.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(ids.numel())));
    into.add(tokens_->after);
    return;
  }
  at::Tensor sum;
  std::int64_t first = 0;
  for (std::int64_t q = 0; q < codes.size(0); ++q) {
    const auto level = at::embedding(rows_, codes[q] + first);
    sum = sum.defined() ? sum + level : level;
    first += spec_.sizes[static_cast<std::size_t>(q)];
  }
  into.add(sum);
}

at::Tensor embedded(const Model& model, std::span<const Reading> readings) {
  std::vector<std::int64_t> tokens, sizes;
  for (const auto& reading : readings)
    for (const auto& piece : reading.pieces)
      if (!piece.tokens.empty()) {
        tokens.insert(tokens.end(), piece.tokens.begin(), piece.tokens.end());
        sizes.push_back(std::ssize(piece.tokens));
      }
  const auto device = model.head().device();
  auto texts = model.embed(at::tensor(tokens, at::kLong).to(device)).split_with_sizes(sizes);
  auto text = texts.begin();
  std::vector<at::Tensor> all;
  for (const auto& reading : readings)
    for (const auto& piece : reading.pieces)
      all.push_back(piece.values.defined() ? piece.values.to(model.architecture().type) : *text++);
  return at::cat(all);
}

}  // namespace llama
