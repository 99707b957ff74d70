#include <algorithm>
#include <string>

#include <ATen/ATen.h>

#include <lib/learn/changes.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

namespace {

std::int64_t common_length(const at::Tensor& first, std::int64_t a, const at::Tensor& second,
                           std::int64_t b) {
  return std::min(first[a].item<std::int64_t>(), second[b].item<std::int64_t>());
}

void check_equal(std::int64_t first, std::int64_t second, const char* what) {
  if (first != second)
    throw ContractError("one clip has " + std::to_string(first) + " " + what + " and the other " +
                        std::to_string(second) + "; expected as many for all clips of an encoder");
}

}  // namespace

std::vector<double> changed_codes(const CodeBatch& first, std::int64_t a, const CodeBatch& second,
                                  std::int64_t b) {
  check_equal(first.codes.size(1), second.codes.size(1), "codebooks");
  const auto frames = common_length(first.lengths, a, second.lengths, b);
  const auto differs = first.codes[a].narrow(1, 0, frames).ne(second.codes[b].narrow(1, 0, frames));
  const auto shares = differs.to(at::kDouble).mean(1).cpu().contiguous();
  const auto* share = shares.const_data_ptr<double>();
  return {share, share + shares.numel()};
}

double feature_distance(const FeatureBatch& first, std::int64_t a, const FeatureBatch& second,
                        std::int64_t b) {
  check_equal(first.values.size(2), second.values.size(2), "values per frame");
  const auto frames = common_length(first.lengths, a, second.lengths, b);
  const auto part = [&](const at::Tensor& values, std::int64_t clip) {
    return values[clip].narrow(0, 0, frames).to(at::kDouble);
  };
  return (part(first.values, a) - part(second.values, b))
      .square()
      .sum(1)
      .sqrt()
      .mean()
      .item<double>();
}

}  // namespace earshot::kit
