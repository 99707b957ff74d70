#include <cmath>

#include <ATen/ATen.h>

#include <earshot/kit/small_models.hpp>

namespace earshot::kit {

namespace {

constexpr std::int64_t width = 24, context = 1024, places = 48;
constexpr std::int64_t border = 256;  // begins and ends an answer

at::Tensor drawn(at::IntArrayRef shape, double deviation, bool trained) {
  return (at::randn(shape) * deviation).set_requires_grad(trained);
}

}  // namespace

FeatureSpec SmallMapper::connect(const FeatureSpec& in, std::int64_t out_dim) {
  weight_ = drawn({out_dim, in.dim}, 1 / std::sqrt(static_cast<double>(in.dim)), true);
  bias_ = at::zeros({out_dim}).requires_grad_();
  return out_ = {.frame_rate = in.frame_rate, .first_frame = in.first_frame, .dim = out_dim};
}

FeatureBatch SmallMapper::map(const FeatureBatch& features) {
  auto spec = out_;
  spec.frame_rate = features.spec.frame_rate;
  return {at::linear(features.values, weight_, bias_), features.lengths, spec};
}

NamedTensors SmallMapper::parameters() const {
  return {{"weight", weight_}, {"bias", bias_}};
}

SmallLanguageModel::SmallLanguageModel(bool frozen)
    : frozen_(frozen),
      bytes_(drawn({border + 1, width}, 1, !frozen)),
      places_(drawn({places, width}, 1, !frozen)),
      output_(drawn({border + 1, width}, 0.3, !frozen)) {}

LanguageModelSpec SmallLanguageModel::spec() const {
  return {.embedding_dim = width, .context = context};
}

std::int64_t SmallLanguageModel::length(const Prompt& prompt) const {
  std::int64_t positions = 0;
  for (const auto& part : prompt)
    if (const auto* text = std::get_if<std::string>(&part))
      positions += static_cast<std::int64_t>(text->size());
    else if (const auto* embeddings = std::get_if<Embeddings>(&part))
      positions += embeddings->values.size(0);
    else
      throw Unsupported("the small model does not read audio codes");
  return positions;
}

at::Tensor SmallLanguageModel::heard(const Prompt& prompt) const {
  auto sum = at::zeros({width});
  std::vector<std::int64_t> text;
  for (const auto& part : prompt)
    if (const auto* embeddings = std::get_if<Embeddings>(&part))
      sum = sum + embeddings->values.mean(0);
    else if (const auto* words = std::get_if<std::string>(&part))
      for (const char letter : *words)
        text.push_back(static_cast<unsigned char>(letter));
  if (text.empty()) return sum;
  return sum + bytes_.index_select(0, at::tensor(text, at::kLong)).mean(0);
}

/// (N, 257): log-probabilities of what follows each of `before`, the first of which is at position
/// `first_place`.
at::Tensor SmallLanguageModel::log_probs(const at::Tensor& heard,
                                         const std::vector<std::int64_t>& before,
                                         std::int64_t first_place) const {
  const auto place =
      (at::arange(std::ssize(before), at::kLong) + first_place).clamp_max(places - 1);
  const auto hidden = (heard + bytes_.index_select(0, at::tensor(before, at::kLong)) +
                       places_.index_select(0, place))
                          .tanh();
  return at::log_softmax(at::linear(hidden, output_), -1);
}

Likelihood SmallLanguageModel::log_prob(std::span<const Prompt> prompts,
                                        std::span<const std::string> answers) {
  std::vector<at::Tensor> sums;
  std::vector<std::int64_t> tokens;
  for (std::size_t b = 0; b < prompts.size(); ++b) {
    if (answers[b].empty()) throw DataError("answer " + std::to_string(b) + " is empty");
    std::vector<std::int64_t> before{border}, after;
    for (const char letter : answers[b])
      after.push_back(static_cast<unsigned char>(letter));
    before.insert(before.end(), after.begin(), after.end());
    after.push_back(border);
    if (length(prompts[b]) + std::ssize(after) > context)
      throw DataError("prompt and answer " + std::to_string(b) + " are longer than " +
                      std::to_string(context) + " positions");
    const auto all = log_probs(heard(prompts[b]), before, 0);
    sums.push_back(all.gather(1, at::tensor(after, at::kLong).unsqueeze(1)).sum());
    tokens.push_back(std::ssize(after));
  }
  return {at::stack(sums), at::tensor(tokens, at::kLong)};
}

std::vector<std::string> SmallLanguageModel::generate(std::span<const Prompt> prompts,
                                                      const Decoding& decoding) {
  if (decoding.temperature > 0) throw Unsupported("the small model decodes greedily only");
  std::vector<std::string> answers;
  for (const auto& prompt : prompts) {
    if (length(prompt) >= context) throw DataError("the prompt leaves no room for an answer");
    auto& answer = answers.emplace_back();
    const auto sound = heard(prompt);
    std::int64_t last = border;
    while (std::ssize(answer) < decoding.max_tokens) {
      auto next = log_probs(sound, {last}, std::ssize(answer))[0].detach().clone();
      next.narrow(0, 0, 32).fill_(-INFINITY);
      next.narrow(0, 127, border - 127).fill_(-INFINITY);
      last = next.argmax().item<std::int64_t>();
      if (last == border) break;
      answer += static_cast<char>(last);
    }
  }
  return answers;
}

NamedTensors SmallLanguageModel::parameters() const {
  if (frozen_) return {};
  return {{"bytes", bytes_}, {"places", places_}, {"output", output_}};
}

}  // namespace earshot::kit
