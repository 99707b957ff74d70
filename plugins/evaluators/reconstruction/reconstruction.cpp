#include "reconstruction.hpp"

#include <algorithm>
#include <optional>

#include <ATen/ATen.h>

#include "distances.hpp"
#include "intelligibility.hpp"

namespace reconstruction {

using earshot::Numbers;
using earshot::Split;

namespace {

/// The only clip of a batch as float64 (N) on the CPU, channels averaged, `length` samples long.
at::Tensor mono(const earshot::AudioBatch& audio, std::int64_t length) {
  const auto there = std::min(length, audio.lengths[0].item<std::int64_t>());
  auto samples = at::zeros({length}, at::kDouble);
  samples.narrow(0, 0, there).copy_(audio.samples[0].narrow(1, 0, there).to(at::kDouble).mean(0));
  return samples;
}

Numbers measure(const at::Tensor& original, const at::Tensor& decoded, std::int64_t sample_rate,
                const SpectralComparison& spectra) {
  const auto spectral = spectra(original, decoded);
  Numbers numbers{{"mel", spectral.mel},
                  {"stft", spectral.stft},
                  {"lsd", spectral.log_spectral},
                  {"l1", (original - decoded).abs().mean().item<double>()}};
  if (const auto ratio = si_sdr(original, decoded)) numbers["si_sdr"] = *ratio;
  if (const auto found = intelligibility(original, decoded, sample_rate)) {
    numbers["stoi"] = found->stoi;
    numbers["estoi"] = found->estoi;
  }
  return numbers;
}

/// The rate of the codes, which is the same for all items.
void report_rate(earshot::Trial& trial, const earshot::CodeSpec& codes,
                 const earshot::AudioBatch& audio) {
  constexpr double pcm_bits = 16;
  const auto pcm = pcm_bits * static_cast<double>(audio.sample_rate * audio.samples.size(1));
  const auto count = trial.size(Split::test);
  trial.report("bits_per_second", codes.bits_per_second(), count);
  trial.report("tokens_per_second", codes.frame_rate * static_cast<double>(codes.codebooks()),
               count);
  trial.report("compression", pcm / codes.bits_per_second(), count);
}

}  // namespace

Reconstruction::Reconstruction(const earshot::Options&, const earshot::Context&) {}

std::vector<earshot::MetricSpec> Reconstruction::metrics() const {
  const auto distance = [](const char* name, const char* help, const char* unit = "") {
    return earshot::MetricSpec{.name = name, .help = help, .unit = unit, .higher_is_better = false};
  };
  std::vector<earshot::MetricSpec> all = {
      distance("mel", "Distance of mel spectrograms, 150 and 80 bands"),
      distance("stft", "Distance of spectrograms, windows of 2048 and 512 samples"),
      distance("lsd", "Log-spectral distance, windows of 2048 samples", "dB"),
      distance("l1", "Mean absolute difference of the samples"),
      {.name = "si_sdr", .help = "Scale-invariant signal-to-distortion ratio", .unit = "dB"},
      {.name = "stoi", .help = "Short-time objective intelligibility"},
      {.name = "estoi", .help = "Extended short-time objective intelligibility"},
      distance("bits_per_second", "Of the codes", "bit/s"),
      distance("tokens_per_second", "Codes of all levels", "1/s"),
      {.name = "compression", .help = "Bits of 16-bit PCM at the codec's rate per bit of codes"},
  };
  all.front().primary = true;
  return all;
}

void Reconstruction::predict(earshot::Trial& trial) {
  auto& codec = trial.codec();
  std::optional<SpectralComparison> spectra;
  const auto size = trial.size(Split::test);
  for (std::int64_t i = 0; i < size && !trial.stop(); ++i) {
    const auto audio = trial.audio(Split::test, i);
    const auto codes = trial.codes(Split::test, i);
    if (!spectra) {
      spectra.emplace(audio.sample_rate);
      report_rate(trial, codes.spec, audio);
    }
    const auto length = audio.lengths[0].item<std::int64_t>();
    trial.predict({.item = i,
                   .measures = measure(mono(audio, length), mono(codec.decode(codes), length),
                                       audio.sample_rate, *spectra)});
    trial.progress(i + 1, size);
  }
}

}  // namespace reconstruction
