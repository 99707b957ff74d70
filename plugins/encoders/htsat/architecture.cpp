#include "architecture.hpp"

namespace htsat {

using earshot::kit::ClapFrontEndOptions;
using earshot::kit::ClapTruncation;
using earshot::kit::SwinStageOptions;

SwinStageOptions Architecture::stage(std::int64_t number) const {
  const auto n = static_cast<std::size_t>(number);
  const auto shrink = std::int64_t{1} << number;
  return {.rows = picture / stride[0] / shrink,
          .columns = picture / stride[1] / shrink,
          .width = width * shrink,
          .heads = heads.at(n),
          .blocks = depths.at(n),
          .window = window,
          .mlp_width = static_cast<std::int64_t>(mlp_ratio * static_cast<double>(width * shrink)),
          .norm_epsilon = norm_epsilon,
          .bias = qkv_bias,
          .separate_qkv = family == Family::transformers,
          .merges = n + 1 < depths.size()};
}

Architecture preset(const std::string& name) {
  Architecture a;
  if (name == "mellow") {
    a.family = Family::mellow;
    a.sample_rate = 32000;
    a.front_end.max_samples = 10 * a.sample_rate;
    a.embedding = 576;
  }
  if (name.starts_with("laion") || name == "tiny_fused") {
    a.family = Family::transformers;
    a.front_end = ClapFrontEndOptions{};
    a.sample_rate = a.front_end.sample_rate;
    a.embedding = 512;
    a.classes = 0;
  }
  if (name.starts_with("tiny")) {
    a.width = 8;
    a.depths = {2, 2, 2, 2};
    a.heads = {1, 2, 4, 8};
    a.embedding = 24;
    if (a.classes > 0) a.classes = 11;
  }
  if (name.ends_with("_fused")) {
    a.front_end.truncation = ClapTruncation::fusion;
    a.fusion = a.width / 4;
  }
  return a;
}

}  // namespace htsat
