#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/models/spectral_losses.hpp>
#include <lib/models/stft_discriminator.hpp>

#include <earshot/kit/spectrogram.hpp>

namespace earshot::kit {

namespace {

constexpr std::int64_t frames_seen = 3;  // by each convolution

at::Tensor mean_of(const std::vector<at::Tensor>& scalars) {
  return at::stack(scalars).mean();
}

}  // namespace

StftDiscriminator::Layer StftDiscriminator::layer(const std::string& name, std::int64_t in,
                                                  std::int64_t out, std::int64_t width,
                                                  c10::Device device) {
  const auto bound = 1 / std::sqrt(static_cast<double>(in * frames_seen * width));
  const auto leaf = [&](const char* end, const at::Tensor& values) {
    const auto made = values.to(device).requires_grad_(true);
    parameters_.emplace_back(name + end, made);
    return made;
  };
  // On the CPU, so that every device starts from the same numbers.
  const auto direction =
      at::empty({out, in, frames_seen, width}, at::kFloat).uniform_(-bound, bound);
  const auto norm = direction.flatten(1).norm(2, {1}).view({out, 1, 1, 1});
  Layer made;
  made.scale = leaf(".weight_g", norm);
  made.direction = leaf(".weight_v", direction);
  made.bias = leaf(".bias", at::empty({out}, at::kFloat).uniform_(-bound, bound));
  return made;
}

StftDiscriminator::StftDiscriminator(const Options& options, c10::Device device) {
  const auto filters = options.filters;
  constexpr std::int64_t wide = 9, narrow = 3;
  for (std::size_t n = 0; n < options.windows.size(); ++n) {
    const auto name = "discriminators." + std::to_string(n) + ".";
    Network network{.window = at::tensor(hann(options.windows[n]), at::kFloat).to(device)};
    const auto add = [&](std::int64_t in, std::int64_t width) -> Layer& {
      const auto at = name + "convs." + std::to_string(network.layers.size());
      return network.layers.emplace_back(layer(at, in, filters, width, device));
    };
    add(2, wide);
    for (const std::int64_t dilation : {1, 2, 4}) {
      auto& made = add(filters, wide);
      made.dilation = dilation;
      made.stride = 2;
    }
    add(filters, narrow);
    network.layers.push_back(layer(name + "conv_post", filters, 1, narrow, device));
    networks_.push_back(std::move(network));
  }
}

StftDiscriminator::Seen StftDiscriminator::see(const Network& network, const at::Tensor& audio,
                                               bool learns) const {
  constexpr double slope = 0.2;
  const auto size = network.window.size(0);
  const auto spectrum =
      spectra(audio.flatten(0, 1), network.window, size, size / 4) / network.window.norm();
  auto x = at::view_as_real(spectrum).permute({0, 3, 1, 2});
  Seen seen;
  for (const auto& [direction, scale, bias, dilation, stride] : network.layers) {
    const auto own = [learns](const at::Tensor& weight) {
      return learns ? weight : weight.detach();
    };
    const auto weight = at::_weight_norm(own(direction), own(scale), 0);
    const auto width = weight.size(3);
    const std::vector<std::int64_t> steps{1, stride}, spread{dilation, 1};
    const std::vector<std::int64_t> padding{dilation * (frames_seen / 2), width / 2};
    x = at::conv2d(x, weight, own(bias), steps, padding, spread);
    if (seen.layers.size() + 1 == network.layers.size()) break;
    x = at::leaky_relu(x, slope);
    seen.layers.push_back(x.to(at::kFloat));
  }
  seen.score = x.to(at::kFloat);
  return seen;
}

StftDiscriminator::Judgement StftDiscriminator::judge(const at::Tensor& original,
                                                      const at::Tensor& decoded) const {
  std::vector<at::Tensor> of_original, of_decoded;
  for (const auto& network : networks_) {
    of_original.push_back(at::relu(1 - see(network, original, true).score).mean());
    of_decoded.push_back(at::relu(1 + see(network, decoded, true).score).mean());
  }
  return {.original = mean_of(of_original), .decoded = mean_of(of_decoded)};
}

StftDiscriminator::Critique StftDiscriminator::criticise(const at::Tensor& original,
                                                         const at::Tensor& decoded) const {
  constexpr double least = 1e-8;  // of activations, which are divided by
  std::vector<at::Tensor> scores, distances;
  for (const auto& network : networks_) {
    const auto seen = see(network, decoded, false);
    const auto expected = [&] {
      const at::NoGradGuard no_grad;
      return see(network, original, false);
    }();
    scores.push_back(at::relu(1 - seen.score).mean());
    for (std::size_t n = 0; n < seen.layers.size(); ++n) {
      const auto size = expected.layers[n].abs().mean({1, 2, 3}).clamp_min(least);
      const auto apart = (seen.layers[n] - expected.layers[n]).abs().mean({1, 2, 3});
      distances.push_back((apart / size).mean());
    }
  }
  return {.adversarial = mean_of(scores), .features = mean_of(distances)};
}

}  // namespace earshot::kit
