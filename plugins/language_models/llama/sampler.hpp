#pragma once
#include <cstdint>
#include <vector>

#include <earshot/kit/random.hpp>
#include <earshot/language_model.hpp>

namespace llama {

/// Chooses next tokens: the most likely one, or at random from softmax(logits / temperature) among
/// the most likely ones with a total probability of `top_p` (Holtzman et al. 2019, "The Curious
/// Case of Neural Text Degeneration").
class Sampler {
 public:
  /// @throws ContractError for invalid numbers.
  explicit Sampler(const earshot::Decoding& decoding);

  /// The random stream of one answer: it depends on the seed and the prompt, so that other prompts
  /// and their order do not change it.
  earshot::kit::Random stream(std::uint64_t prompt_hash) const;

  /// logits float32 (B, V), one stream for each row. @returns a token for each row.
  std::vector<std::int64_t> choose(const at::Tensor& logits,
                                   const std::vector<earshot::kit::Random*>& streams) const;

 private:
  earshot::Decoding decoding_;
};

}  // namespace llama
