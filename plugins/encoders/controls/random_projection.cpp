#include "random_projection.hpp"

#include <ATen/ATen.h>

#include <earshot/kit/random.hpp>

namespace controls {

namespace {

earshot::kit::LogMelOptions log_mel_options(const earshot::Options& options) {
  earshot::kit::LogMelOptions result;
  result.sample_rate = options.integer("sample_rate");
  result.spectrogram.n_fft = result.spectrogram.window = options.integer("n_fft");
  result.spectrogram.hop = options.integer("hop");
  result.mels = options.integer("mels");
  return result;
}

at::Tensor normal(earshot::kit::Random& random, std::int64_t rows, std::int64_t columns,
                  double deviation) {
  const auto tensor = at::empty({rows, columns}, at::kFloat);
  auto* values = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < rows * columns; ++i)
    values[i] = static_cast<float>(deviation * random.normal());
  return tensor;
}

}  // namespace

earshot::OptionSchema RandomProjection::options() {
  return {
      {.name = "sample_rate",
       .value = std::int64_t{32000},
       .help = "Sample rate to which audio is converted",
       .unit = "Hz",
       .min = 1000,
       .max = 384000},
      {.name = "n_fft",
       .value = std::int64_t{1024},
       .help = "Length of transform and window",
       .unit = "samples",
       .min = 16,
       .max = 65536},
      {.name = "hop",
       .value = std::int64_t{320},
       .help = "Step between frames",
       .unit = "samples",
       .min = 1},
      {.name = "mels",
       .value = std::int64_t{64},
       .help = "Number of mel bands",
       .min = 1,
       .max = 4096},
      {.name = "dim",
       .value = std::int64_t{128},
       .help = "Width of the projection",
       .min = 1,
       .max = 65536},
      {.name = "nonlinearity",
       .value = std::string("relu"),
       .help = "Non-linearity after the projection",
       .choices = {"relu", "tanh"}},
      {.name = "seed",
       .value = std::int64_t{0},
       .help = "Seed of the projection; independent of the cell's seed"},
  };
}

RandomProjection::RandomProjection(const earshot::Options& options, const earshot::Context& context)
    : LogMelBased(log_mel_options(options), options.integer("dim"), context),
      relu_(options.text("nonlinearity") == "relu") {
  earshot::kit::Random random(earshot::kit::derive(
      static_cast<std::uint64_t>(options.integer("seed")), "random_projection"));
  const auto mels = log_mel().options().mels, dim = options.integer("dim");
  weight_ = normal(random, mels, dim, 1 / std::sqrt(static_cast<double>(mels)));
  bias_ = normal(random, 1, dim, 1).squeeze(0);
}

void RandomProjection::encode_clip(std::span<const float> samples, float* rows) const {
  const auto mels = mel_frames(samples).add_(40).div_(20);
  auto out = at::from_blob(rows, {mels.size(0), weight_.size(1)}, at::kFloat);
  at::addmm_out(out, bias_, mels, weight_);
  if (relu_)
    out.relu_();
  else
    out.tanh_();
}

}  // namespace controls
