#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <lib/text/tokenizer.hpp>

#include <earshot/language_model.hpp>
#include <earshot/options.hpp>
#include <earshot/sized.hpp>
#include <earshot/tokenized.hpp>

#include "framing.hpp"
#include "model.hpp"
#include "prompt.hpp"

namespace llama {

/// The prompts and answers of a batch are computed as one concatenated sequence without padding, so
/// that none depends on the lengths of the others.
class Llama final : public earshot::LanguageModel,
                    public earshot::Sized,
                    public earshot::Tokenized {
 public:
  static earshot::OptionSchema options();
  Llama(const earshot::Options& options, const earshot::Context& context);

  earshot::LanguageModelSpec spec() const override;
  void connect(const earshot::CodeSpec& codes) override;
  std::int64_t length(const earshot::Prompt& prompt) const override;
  earshot::Likelihood log_prob(std::span<const earshot::Prompt> prompts,
                               std::span<const std::string> answers) override;
  std::vector<std::string> generate(std::span<const earshot::Prompt> prompts,
                                    const earshot::Decoding& decoding) override;

  earshot::NamedTensors parameters() const override { return trained_; }
  void train(bool on) override;
  /// Adapters by peft's names, with their adapter_config.json as text; for a model that is trained
  /// in full, all weights by transformers' names.
  earshot::State state() const override;
  /// A state with all weights is accepted whatever `train` is: a model that was trained can thus be
  /// used frozen, or with adapters.
  void load_state(const earshot::State& state) override;

  std::int64_t parameter_count() const override { return model_.parameter_count(); }

  std::vector<earshot::Token> tokens(const earshot::Prompt& prompt) const override;
  std::vector<earshot::Token> answer_tokens(const std::string& answer) const override;

  const Model& model() const { return model_; }
  const earshot::kit::Tokenizer& tokenizer() const { return tokenizer_; }

 private:
  enum class Train { frozen, lora, full };
  struct Scored;

  Reading read(const earshot::Prompt& prompt) const;
  void add_tokens(std::span<const std::int64_t> ids, std::vector<earshot::Token>& to) const;
  Scored scored(const earshot::Prompt& prompt, const std::string& answer, std::size_t index) const;
  at::Tensor log_prob(std::span<const Scored> pairs) const;
  std::vector<Reading> asked(std::span<const earshot::Prompt> prompts) const;
  at::Tensor begin(std::span<const Reading> readings, Cache& cache) const;
  std::map<std::string, at::Tensor> stored(bool with_base) const;

  Train train_;
  earshot::kit::Tokenizer tokenizer_;
  Model model_;
  Framing framing_;
  double dropout_;
  std::optional<CodeReader> codes_{};
  earshot::NamedTensors trained_{};
};

}  // namespace llama
