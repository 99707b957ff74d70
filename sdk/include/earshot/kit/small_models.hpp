#pragma once
#include <earshot/language_model.hpp>
#include <earshot/mapper.hpp>

// A mapper and a language model small enough to train in a test. On the CPU.

namespace earshot::kit {

/// One linear layer, frame by frame.
class SmallMapper final : public Mapper {
 public:
  FeatureSpec connect(const FeatureSpec& in, std::int64_t out_dim) override;
  FeatureBatch map(const FeatureBatch& features) override;
  NamedTensors parameters() const override;

 private:
  FeatureSpec out_{};
  at::Tensor weight_{}, bias_{};
};

/// A byte model: each byte depends on the one before, its position in the answer, the mean of all
/// embeddings and the mean of all bytes of the prompt. That is enough to memorise short answers,
/// and which answer belongs to which sound. Generates printable ASCII only, greedily.
class SmallLanguageModel : public LanguageModel {
 public:
  /// Weights are drawn from LibTorch's default generator.
  /// @param frozen  whether parameters() is empty
  explicit SmallLanguageModel(bool frozen = false);

  LanguageModelSpec spec() const override;
  std::int64_t length(const Prompt& prompt) const override;
  Likelihood log_prob(std::span<const Prompt> prompts,
                      std::span<const std::string> answers) override;
  /// @throws Unsupported for a temperature above 0, in addition to the contract's errors.
  std::vector<std::string> generate(std::span<const Prompt> prompts,
                                    const Decoding& decoding) override;
  NamedTensors parameters() const override;

 private:
  at::Tensor heard(const Prompt& prompt) const;
  at::Tensor log_probs(const at::Tensor& heard, const std::vector<std::int64_t>& before,
                       std::int64_t first_place) const;

  bool frozen_;
  at::Tensor bytes_, places_, output_;
};

}  // namespace earshot::kit
