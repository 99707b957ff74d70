#include <ATen/ATen.h>

#include <earshot/plugin.hpp>

namespace {

using namespace earshot;

/// Likelihood and generation of text. As generated: a byte model that reads the mean of the
/// embeddings through one linear layer, and ends an answer with byte 0. It learns, but not much.
class PluginClass final : public LanguageModel {
 public:
  PluginClass(const Options&, const Context& context)
      : weight_((at::randn({256, 64}, at::device(context.device)) / 8).requires_grad_()),
        bias_(at::zeros({256}, at::device(context.device)).requires_grad_()) {}

  LanguageModelSpec spec() const override { return {.embedding_dim = 64, .context = 512}; }

  std::int64_t length(const Prompt& prompt) const override {
    std::int64_t positions = 0;
    for (const auto& part : prompt) {
      if (const auto* text = std::get_if<std::string>(&part))
        positions += static_cast<std::int64_t>(text->size());
      else if (const auto* embeddings = std::get_if<Embeddings>(&part))
        positions += embeddings->values.size(0);
      else
        throw Unsupported("the model does not read audio codes");
    }
    return positions;
  }

  Likelihood log_prob(std::span<const Prompt> prompts,
                      std::span<const std::string> answers) override {
    std::vector<at::Tensor> sums;
    auto tokens = at::zeros({static_cast<std::int64_t>(prompts.size())}, at::kLong);
    for (std::size_t b = 0; b < prompts.size(); ++b) {
      const auto bytes = static_cast<std::int64_t>(answers[b].size());
      if (bytes == 0) throw DataError("answer " + std::to_string(b) + " is empty");
      if (length(prompts[b]) + bytes + 1 > spec().context)
        throw DataError("prompt and answer " + std::to_string(b) + " are longer than " +
                        std::to_string(spec().context) + " positions");
      const auto log_p = at::log_softmax(logits(prompts[b]), -1);
      auto sum = log_p[0];
      for (const unsigned char byte : answers[b])
        sum = sum + log_p[byte];
      sums.push_back(sum);
      tokens[static_cast<std::int64_t>(b)] = bytes + 1;
    }
    return {at::stack(sums), tokens};
  }

  std::vector<std::string> generate(std::span<const Prompt> prompts,
                                    const Decoding& decoding) override {
    std::vector<std::string> answers;
    for (const auto& prompt : prompts) {
      if (length(prompt) >= spec().context)
        throw DataError("the prompt leaves no room for an answer");
      // Printable ASCII only, so that every answer is UTF-8.
      const auto best = 32 + logits(prompt).slice(0, 32, 127).argmax().item<std::int64_t>();
      answers.emplace_back(static_cast<std::size_t>(std::min<std::int64_t>(decoding.max_tokens, 1)),
                           static_cast<char>(best));
    }
    return answers;
  }

  NamedTensors parameters() const override { return {{"weight", weight_}, {"bias", bias_}}; }

 private:
  /// float32 (256): logits of every next byte, independent of earlier ones.
  at::Tensor logits(const Prompt& prompt) const {
    auto result = bias_;
    for (const auto& part : prompt)
      if (const auto* embeddings = std::get_if<Embeddings>(&part))
        result = result + at::mv(weight_, embeddings->values.mean(0).to(at::kFloat));
    return result;
  }

  at::Tensor weight_, bias_;
};

}  // namespace

EARSHOT_PLUGIN("plugin_name", "0.1.0", "A byte model") {
  registrar.add<PluginClass>("plugin_name", "Bytes by the mean of the embeddings");
}
