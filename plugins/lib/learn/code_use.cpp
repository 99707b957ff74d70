#include <ATen/ATen.h>

#include <lib/learn/code_use.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

std::string of_level(const std::string& name, std::int64_t level) {
  const auto number = std::to_string(level + 1);
  return name + (number.size() < 2 ? "_0" : "_") + number;
}

CodeBatch first_levels(CodeBatch codes, std::int64_t levels) {
  const auto there = codes.codes.size(1);
  if (levels == 0 || levels == there) return codes;
  if (levels > there)
    throw ConfigError("levels is " + std::to_string(levels) + "; allowed: 1 to " +
                      std::to_string(there) + ", which the codec has, or 0 for all");
  codes.codes = codes.codes.narrow(1, 0, levels).contiguous();
  codes.spec = codes.spec.first(levels);
  return codes;
}

void CodeUse::add(const CodeBatch& batch) {
  const auto& sizes = batch.spec.sizes;
  if (counts_.empty())
    for (const auto size : sizes)
      counts_.push_back(at::zeros({size}, at::kLong));
  if (counts_.size() != sizes.size())
    throw ContractError("one clip has " + std::to_string(counts_.size()) +
                        " codebooks and another " + std::to_string(sizes.size()) +
                        "; expected as many for all clips of an encoder");
  for (std::int64_t clip = 0; clip < batch.codes.size(0); ++clip) {
    const auto frames = batch.lengths[clip].item<std::int64_t>();
    const auto codes = batch.codes[clip].narrow(1, 0, frames).to(at::kCPU);
    for (std::size_t level = 0; level < sizes.size(); ++level)
      counts_[level].add_(
          at::bincount(codes[static_cast<std::int64_t>(level)], {}, counts_[level].size(0)));
  }
}

std::vector<double> CodeUse::shares() const {
  std::vector<double> all;
  for (const auto& counts : counts_)
    all.push_back(counts.gt(0).to(at::kDouble).mean().item<double>());
  return all;
}

std::vector<double> CodeUse::entropies() const {
  std::vector<double> all;
  for (const auto& counts : counts_) {
    const auto used = counts.masked_select(counts.gt(0)).to(at::kDouble);
    const auto share = used / used.sum();
    all.push_back(-(share * share.log2()).sum().item<double>() + 0.0);  // never -0
  }
  return all;
}

}  // namespace earshot::kit
