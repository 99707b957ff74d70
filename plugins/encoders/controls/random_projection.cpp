#include "random_projection.hpp"

#include <ATen/ATen.h>

#include <earshot/kit/random.hpp>

namespace controls {

namespace {

earshot::kit::LogMelOptions log_mel(const earshot::Options& options) {
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
       .help = "Rate that audio is brought to",
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
       .help = "Step from frame to frame",
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
       .help = "What follows the projection",
       .choices = {"relu", "tanh"}},
      {.name = "seed", .value = std::int64_t{0}, .help = "Which projection; not the cell's seed"},
  };
}

RandomProjection::RandomProjection(const earshot::Options& options, const earshot::Context& context)
    : log_mel_(log_mel(options)),
      relu_(options.text("nonlinearity") == "relu"),
      device_(context.device) {
  earshot::kit::Random random(earshot::kit::derive(
      static_cast<std::uint64_t>(options.integer("seed")), "random_projection"));
  const auto mels = log_mel_.options().mels, dim = options.integer("dim");
  weight_ = normal(random, mels, dim, 1 / std::sqrt(static_cast<double>(mels)));
  bias_ = normal(random, 1, dim, 1).squeeze(0);
}

earshot::AudioNeeds RandomProjection::needs() const {
  return {.sample_rate = log_mel_.options().sample_rate};
}

earshot::FeatureSpec RandomProjection::spec() const {
  auto spec = log_mel_.spec();
  spec.dim = weight_.size(1);
  return spec;
}

void RandomProjection::encode_clip(std::span<const float> samples, float* rows) const {
  const auto frames = log_mel_.frames(static_cast<std::int64_t>(samples.size()));
  auto mels = at::empty({frames, weight_.size(0)}, at::kFloat);
  log_mel_.compute(samples, mels.mutable_data_ptr<float>());
  mels.add_(40).div_(20);
  auto out = at::from_blob(rows, {frames, weight_.size(1)}, at::kFloat);
  at::addmm_out(out, bias_, mels, weight_);
  if (relu_)
    out.relu_();
  else
    out.tanh_();
}

earshot::FeatureBatch RandomProjection::encode(const earshot::AudioBatch& audio) {
  return earshot::kit::encode_clips(
      audio, spec(), device_, [&](std::int64_t samples) { return log_mel_.frames(samples); },
      [&](std::span<const float> samples, float* rows) { encode_clip(samples, rows); });
}

}  // namespace controls
