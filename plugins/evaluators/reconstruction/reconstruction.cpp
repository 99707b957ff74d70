#include "reconstruction.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include <ATen/ATen.h>

#include <lib/samples/sample.hpp>

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

/// Which entries of each codebook the codes of all items use.
class UsedEntries {
 public:
  void add(const earshot::CodeBatch& batch) {
    const auto& sizes = batch.spec.sizes;
    used_.resize(sizes.size());
    for (std::size_t level = 0; level < sizes.size(); ++level) {
      auto& used = used_[level];
      if (!used.defined()) used = at::zeros({sizes[level]}, at::kBool);
      const auto codes = batch.codes[0][static_cast<std::int64_t>(level)].narrow(
          0, 0, batch.lengths[0].item<std::int64_t>());
      used.index_fill_(0, codes.to(at::kCPU), true);
    }
  }
  /// The share of the entries that are used, of the codebook where it is smallest.
  double smallest_share() const {
    double smallest = 1;
    for (const auto& used : used_)
      smallest = std::min(smallest, used.to(at::kDouble).mean().item<double>());
    return smallest;
  }

 private:
  std::vector<at::Tensor> used_{};  ///< bool (entries)
};

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

/// Nothing if the run keeps no artifacts.
void leave(earshot::Trial& trial, std::int64_t item, const earshot::AudioBatch& original,
           const earshot::AudioBatch& decoded) try {
  earshot::kit::leave_sample(trial, "sample_" + std::to_string(item), original, decoded);
} catch (const earshot::Unsupported&) {
  return;
}

}  // namespace

earshot::OptionSchema Reconstruction::options() {
  return {{.name = "levels",
           .value = std::int64_t{0},
           .help = "Levels of the codes that are decoded, coarsest first; 0: all",
           .min = 0},
          {.name = "samples",
           .value = std::int64_t{4},
           .help = "Test items whose reconstruction is stored as audio and picture",
           .unit = "items",
           .min = 0,
           .affects_results = false}};
}

Reconstruction::Reconstruction(const earshot::Options& options, const earshot::Context&)
    : levels_(options.integer("levels")), samples_(options.integer("samples")) {}

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
      {.name = "usage",
       .help = "Share of a codebook's entries that the codes use, smallest of all levels"},
  };
  all.front().primary = true;
  return all;
}

earshot::CodeBatch Reconstruction::chosen_levels(earshot::CodeBatch codes) const {
  if (levels_ == 0) return codes;
  const auto there = codes.spec.codebooks();
  if (levels_ > there)
    throw earshot::ConfigError("levels is " + std::to_string(levels_) + "; allowed: 1 to " +
                               std::to_string(there) + ", which the codec has, or 0 for all");
  codes.codes = codes.codes.narrow(1, 0, levels_).contiguous();
  codes.spec = codes.spec.first(levels_);
  return codes;
}

void Reconstruction::predict(earshot::Trial& trial) {
  auto& codec = trial.codec();
  std::optional<SpectralComparison> spectra;
  UsedEntries used;
  const auto size = trial.size(Split::test);
  for (std::int64_t i = 0; i < size && !trial.stop(); ++i) {
    const auto audio = trial.audio(Split::test, i);
    const auto codes = chosen_levels(trial.codes(Split::test, i));
    used.add(codes);
    if (!spectra) {
      spectra.emplace(audio.sample_rate);
      report_rate(trial, codes.spec, audio);
    }
    const auto length = audio.lengths[0].item<std::int64_t>();
    const auto decoded = codec.decode(codes);
    trial.predict({.item = i,
                   .measures = measure(mono(audio, length), mono(decoded, length),
                                       audio.sample_rate, *spectra)});
    if (i < samples_) leave(trial, i, audio, decoded);
    trial.progress(i + 1, size);
  }
  if (size > 0) trial.report("usage", used.smallest_share(), size);
}

}  // namespace reconstruction
