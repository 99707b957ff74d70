#include "sampler.hpp"

#include <ATen/ATen.h>

#include <earshot/error.hpp>

namespace llama {

Sampler::Sampler(const earshot::Decoding& decoding) : decoding_(decoding) {
  const auto& d = decoding_;
  const auto refuse = [](const std::string& what, const std::string& allowed) {
    throw earshot::ContractError("decoding." + what + "; allowed: " + allowed);
  };
  if (d.max_tokens < 1) refuse("max_tokens is " + std::to_string(d.max_tokens), "1 or more");
  if (!(d.temperature >= 0)) refuse("temperature is " + std::to_string(d.temperature), "0 or more");
  if (!(d.top_p > 0 && d.top_p <= 1))
    refuse("top_p is " + std::to_string(d.top_p), "above 0 and at most 1");
}

earshot::kit::Random Sampler::stream(std::uint64_t prompt_hash) const {
  return earshot::kit::Random(
      earshot::kit::derive(decoding_.seed, "answer", static_cast<std::int64_t>(prompt_hash)));
}

std::vector<std::int64_t> Sampler::choose(const at::Tensor& logits,
                                          const std::vector<earshot::kit::Random*>& streams) const {
  std::vector<std::int64_t> chosen;
  if (decoding_.temperature == 0) {
    const auto best = logits.argmax(1).to(at::kCPU);
    const auto* token = best.const_data_ptr<std::int64_t>();
    chosen.assign(token, token + best.numel());
    return chosen;
  }
  const auto scaled = logits.to(at::kCPU, at::kDouble) / decoding_.temperature;
  const auto [probabilities, tokens] =
      at::softmax(scaled, 1).sort(/*stable=*/true, 1, /*descending=*/true);
  for (std::int64_t row = 0; row < logits.size(0); ++row) {
    const auto* p = probabilities[row].const_data_ptr<double>();
    std::int64_t kept = 0;
    double mass = 0;
    while (kept < logits.size(1) && mass < decoding_.top_p)
      mass += p[kept++];
    auto rest = streams[static_cast<std::size_t>(row)]->uniform() * mass;
    std::int64_t place = 0;
    while (place + 1 < kept && rest >= p[place])
      rest -= p[place++];
    chosen.push_back(tokens[row][place].item<std::int64_t>());
  }
  return chosen;
}

}  // namespace llama
