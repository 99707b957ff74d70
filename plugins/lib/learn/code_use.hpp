#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <earshot/features.hpp>

// What evaluators say about each codebook of an encoder.

namespace earshot::kit {

/// The metric `name` of codebook `level`, counted from 0: "entropy_01" for the first, so that names
/// are in the order of the codebooks up to the 99th.
std::string of_level(const std::string& name, std::int64_t level);

/// The first `levels` codebooks of a batch, coarsest first; all of them if `levels` is 0.
/// @throws ConfigError, naming the option `levels`, if there are fewer
CodeBatch first_levels(CodeBatch codes, std::int64_t levels);

/// How often the codes of many clips use each entry of each codebook.
class CodeUse {
 public:
  /// Counts all valid frames. @throws ContractError if the codebooks differ from earlier batches.
  void add(const CodeBatch& batch);

  /// For each codebook, the share of its entries that is used, in [0, 1].
  std::vector<double> shares() const;
  /// For each codebook, the entropy of the frequencies of its entries in bits, from 0 to
  /// log2(entries). From n frames it is too low by about (used entries - 1) / (2 n ln 2) (Miller
  /// 1955), which is not corrected.
  std::vector<double> entropies() const;

 private:
  std::vector<at::Tensor> counts_{};  ///< int64 (entries), on the CPU
};

}  // namespace earshot::kit
