#include "reconstruction.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include <ATen/ATen.h>

#include <lib/learn/code_use.hpp>
#include <lib/samples/sample.hpp>

#include "distances.hpp"
#include "intelligibility.hpp"
#include "stability.hpp"

namespace reconstruction {

using earshot::Numbers;
using earshot::Split;
using earshot::kit::of_level;

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
                  {"log_mel_mae", spectral.log_mel_mae},
                  {"log_mel_mse", spectral.log_mel_mse},
                  {"l1", (original - decoded).abs().mean().item<double>()}};
  if (const auto ratio = si_sdr(original, decoded)) numbers["si_sdr"] = *ratio;
  if (const auto found = intelligibility(original, decoded, sample_rate)) {
    numbers["stoi"] = found->stoi;
    numbers["estoi"] = found->estoi;
  }
  return numbers;
}

void report_use(earshot::Trial& trial, const earshot::kit::CodeUse& use, std::int64_t books) {
  const auto count = trial.size(Split::test);
  const auto shares = use.shares(), entropies = use.entropies();
  if (shares.empty()) return;
  trial.report("usage", *std::min_element(shares.begin(), shares.end()), count);
  for (std::int64_t level = 0; level < std::min(books, std::ssize(entropies)); ++level)
    trial.report(of_level("entropy", level), entropies[static_cast<std::size_t>(level)], count);
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

/// Nothing if the run keeps no artifacts.
void leave(earshot::Trial& trial, std::int64_t item, const earshot::AudioBatch& original,
           const earshot::AudioBatch& decoded) try {
  earshot::kit::leave_sample(trial, "sample_" + std::to_string(item), original, decoded);
} catch (const earshot::Unsupported&) {
  return;
}

}  // namespace

earshot::OptionSchema Reconstruction::options() {
  return {
      {.name = "levels",
       .value = std::int64_t{0},
       .help = "Levels of the codes that are decoded, coarsest first; 0: all",
       .min = 0},
      {.name = "samples",
       .value = std::int64_t{4},
       .help = "Test items whose reconstruction is stored as audio and picture",
       .unit = "items",
       .min = 0,
       .affects_results = false},
      {.name = "stability",
       .value = false,
       .help = "Also measure how many codes stay when a clip is coded ten times over, 2 ms later, "
               "or in chunks; this codes every clip a dozen times"},
      {.name = "books",
       .value = std::int64_t{32},
       .help = "Number of codebooks, coarsest first, whose entropy is reported",
       .min = 0,
       .max = 99},
  };
}

Reconstruction::Reconstruction(const earshot::Options& options, const earshot::Context&)
    : levels_(options.integer("levels")),
      samples_(options.integer("samples")),
      stability_(options.flag("stability")),
      books_(options.integer("books")) {}

std::vector<earshot::MetricSpec> Reconstruction::metrics() const {
  const auto distance = [](const char* name, const char* help, const char* unit = "") {
    return earshot::MetricSpec{.name = name, .help = help, .unit = unit, .higher_is_better = false};
  };
  std::vector<earshot::MetricSpec> all = {
      distance("mel", "Distance of mel spectrograms, 150 and 80 bands"),
      distance("stft", "Distance of spectrograms, windows of 2048 and 512 samples"),
      distance("lsd", "Log-spectral distance, windows of 2048 samples", "dB"),
      distance("log_mel_mae", "Mean absolute difference of mel spectrograms, 150 bands", "dB"),
      distance("log_mel_mse", "Mean squared difference of mel spectrograms, 150 bands", "dB^2"),
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
  if (stability_) {
    all.push_back({.name = "kept_recoded", .help = "Share of codes that stay after ten recodings"});
    all.push_back({.name = "kept_shifted", .help = "Share of codes that stay 2 ms later"});
    all.push_back({.name = "kept_chunked",
                   .help = "Share of codes that stay if each second is coded by itself"});
  }
  for (std::int64_t book = 0; book < books_; ++book)
    all.push_back({.name = of_level("entropy", book),
                   .help = "Entropy of the codes of codebook " + std::to_string(book + 1),
                   .unit = "bit"});
  return all;
}

void Reconstruction::predict(earshot::Trial& trial) {
  auto& codec = trial.codec();
  std::optional<SpectralComparison> spectra;
  earshot::kit::CodeUse use;
  const auto size = trial.size(Split::test);
  for (std::int64_t i = 0; i < size && !trial.stop(); ++i) {
    const auto audio = trial.audio(Split::test, i);
    const auto codes = earshot::kit::first_levels(trial.codes(Split::test, i), levels_);
    use.add(codes);
    if (!spectra) {
      spectra.emplace(audio.sample_rate);
      report_rate(trial, codes.spec, audio);
    }
    const auto length = audio.lengths[0].item<std::int64_t>();
    const auto decoded = codec.decode(codes);
    auto numbers = measure(mono(audio, length), mono(decoded, length), audio.sample_rate, *spectra);
    if (stability_)
      numbers.merge(kept_codes(codec, codes, audio, trial.encoder().needs().min_seconds));
    trial.predict({.item = i, .measures = std::move(numbers)});
    if (i < samples_) leave(trial, i, audio, decoded);
    trial.progress(i + 1, size);
  }
  report_use(trial, use, books_);
}

}  // namespace reconstruction
