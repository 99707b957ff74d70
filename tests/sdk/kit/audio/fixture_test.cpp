#include <span>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/log_mel.hpp>
#include <earshot/kit/resample.hpp>

#include "audio_case.hpp"

// Front-ends and resampler against goldens of the reference implementations.
namespace {

using namespace earshot::kit;
using namespace earshot::testing;

std::span<const float> samples_of(const at::Tensor& wave) {
  return {wave.const_data_ptr<float>(), static_cast<std::size_t>(wave.numel())};
}

at::Tensor tensor_of(const MelFilters& filters) {  // (bins, bands), as in the references
  return at::tensor(filters.dense()).view({filters.bands(), filters.bins()}).t();
}

/// The result for one clip: (frames, values).
at::Tensor frames_of(const LogMel& log_mel, const at::Tensor& wave) {
  auto mels = at::empty({log_mel.frames(wave.size(0)), log_mel.options().mels});
  log_mel.compute(samples_of(wave), mels.mutable_data_ptr<float>());
  return mels;
}

at::Tensor frames_of(const Spectrogram& spectrogram, const at::Tensor& wave) {
  auto all = at::empty({spectrogram.frames(wave.size(0)), spectrogram.bins()});
  spectrogram.compute(samples_of(wave),
                      [&](std::int64_t first, std::int64_t count, const float* values) {
                        std::copy_n(values, count * spectrogram.bins(),
                                    all.mutable_data_ptr<float>() + first * spectrogram.bins());
                      });
  return all;
}

template <class Transform>
at::Tensor each_clip(const Transform& transform, const at::Tensor& waves) {
  std::vector<at::Tensor> all;
  for (std::int64_t b = 0; b < waves.size(0); ++b)
    all.push_back(frames_of(transform, waves[b].contiguous()));
  return at::stack(all);
}

/// config.json of the cases that are mel spectrograms.
LogMelOptions log_mel_options(const nlohmann::json& config, const std::string& rate) {
  return {.sample_rate = config.at(rate),
          .spectrogram = {.n_fft = config.at("n_fft"),
                          .window = config.at("win_length"),
                          .hop = config.at("hop_length")},
          .mels = config.at("n_mels"),
          .fmin = config.at("fmin"),
          .fmax = config.at("fmax"),
          .scale = config.at("mel_scale") == "htk" ? MelScale::htk : MelScale::slaney,
          .area = config.at("norm") == "slaney",
          .top_db = 0};
}

MelFilters filters_of(const LogMelOptions& o) {
  return MelFilters({.sample_rate = o.sample_rate,
                     .n_fft = o.spectrogram.n_fft,
                     .bands = o.mels,
                     .low = o.fmin,
                     .high = o.fmax,
                     .scale = o.scale,
                     .area = o.area,
                     .single = o.single});
}

class TorchlibrosaFixture : public AudioCase {};

TEST_P(TorchlibrosaFixture, power_filters_and_log_mel_are_the_reference_s) {
  const auto options = log_mel_options(config(), "sample_rate_of_filterbank");
  const auto waves = golden("in/waveform");
  expect_near("mid/power", each_clip(Spectrogram(options.spectrogram), waves).unsqueeze(1));
  expect_near("mid/melW", tensor_of(filters_of(options)));
  expect_near("out/logmel", each_clip(LogMel(options), waves).unsqueeze(1));
  const auto stored = golden("mid/melW").t().contiguous();
  const LogMel with_stored(options,
                           MelFilters(stored.size(0), stored.size(1),
                                      std::span(stored.const_data_ptr<float>(),
                                                static_cast<std::size_t>(stored.numel()))));
  expect_near("out/logmel", each_clip(with_stored, waves).unsqueeze(1));
}

INSTANTIATE_TEST_SUITE_P(Cases, TorchlibrosaFixture, audio_cases_with_threads("torchlibrosa"),
                         audio_case_name);

class MelFixture : public AudioCase {
 protected:
  void expect_power_and_decibels(bool single) const {
    auto options = log_mel_options(config(), "sample_rate");
    options.single = single;
    if (goldens->contains("mid/fb")) expect_near("mid/fb", tensor_of(filters_of(options)));
    const auto waves = golden("in/waveform");
    const auto mels = [&] {
      return each_clip(LogMel(options), waves).transpose(1, 2).unsqueeze(1);
    };
    options.logarithm = Logarithm::none;
    expect_near("mid/power", mels());
    options.logarithm = Logarithm::decibel;
    options.top_db = 80;
    expect_near("mid/db", mels());
  }
};
class TorchaudioMelFixture : public MelFixture {};
class LibrosaMelFixture : public MelFixture {};

TEST_P(TorchaudioMelFixture, filters_power_and_decibels_are_the_reference_s) {
  expect_power_and_decibels(/*single=*/true);
}

TEST_P(LibrosaMelFixture, power_and_decibels_are_the_reference_s) {
  expect_power_and_decibels(/*single=*/false);
}

INSTANTIATE_TEST_SUITE_P(Cases, TorchaudioMelFixture,
                         audio_cases_with_threads("torchaudio.transforms"), audio_case_name);
INSTANTIATE_TEST_SUITE_P(Cases, LibrosaMelFixture, audio_cases_with_threads("librosa"),
                         audio_case_name);

class ResamplerFixture : public AudioCase {};

TEST_P(ResamplerFixture, every_pair_of_rates_is_the_reference_s) {
  for (const auto& pair : config().at("pairs")) {
    const auto from = pair.at(0).get<std::int64_t>(), to = pair.at(1).get<std::int64_t>();
    const auto waves = golden("in/" + std::to_string(from));
    std::vector<at::Tensor> all;
    for (std::int64_t b = 0; b < waves.size(0); ++b)
      all.push_back(at::tensor(resample(samples_of(waves[b].contiguous()), from, to)));
    expect_near("out/" + std::to_string(from) + "_" + std::to_string(to), at::stack(all),
                /*same_kernels=*/true);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, ResamplerFixture,
                         audio_cases_with_threads("torchaudio.transforms.Resample"),
                         audio_case_name);

}  // namespace
