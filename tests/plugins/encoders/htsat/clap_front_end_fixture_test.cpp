#include <array>
#include <span>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include "audio_case.hpp"
#include "encoders/htsat/clap_front_end.hpp"

// The front-end against goldens of the reference implementation.
namespace {

using namespace earshot::kit;
using namespace earshot::testing;

std::span<const float> samples_of(const at::Tensor& wave) {
  return {wave.const_data_ptr<float>(), static_cast<std::size_t>(wave.numel())};
}

class ClapFrontEndFixture : public AudioCase {
 protected:
  ClapFrontEndOptions options() const {
    const auto given = nlohmann::json::parse(text_of(folder / "preprocessor_config.json"));
    return {.sample_rate = given.at("sampling_rate"),
            .max_samples = given.at("nb_max_samples"),
            .n_fft = given.at("fft_window_size"),
            .hop = given.at("hop_length"),
            .mels = given.at("feature_size"),
            .fmin = given.at("frequency_min"),
            .fmax = given.at("frequency_max")};
  }
};

TEST_P(ClapFrontEndFixture, both_filter_banks_are_the_reference_s) {
  if (!goldens->contains("mid/mel_filters_htk")) GTEST_SKIP() << "no filters";
  const auto o = options();
  for (const auto scale : {MelScale::htk, MelScale::slaney}) {
    const bool slaney = scale == MelScale::slaney;
    const MelFilters filters({.sample_rate = o.sample_rate,
                              .n_fft = o.n_fft,
                              .bands = o.mels,
                              .low = o.fmin,
                              .high = o.fmax,
                              .scale = scale,
                              .area = slaney});
    expect_near(slaney ? "mid/mel_filters_slaney" : "mid/mel_filters_htk",
                at::tensor(filters.dense()).view({filters.bands(), filters.bins()}).t());
  }
}

TEST_P(ClapFrontEndFixture, short_clips_are_filled_as_the_reference_does) {
  auto o = options();
  const auto wave = golden("in/short");
  const std::pair<const char*, ClapPadding> paddings[] = {{"repeatpad", ClapPadding::repeat_pad},
                                                          {"repeat", ClapPadding::repeat},
                                                          {"pad", ClapPadding::zeros}};
  for (const auto& [name, padding] : paddings) {
    o.padding = padding;
    const auto input = ClapFrontEnd(o)(samples_of(wave));
    expect_near(std::string("out/rand_trunc_short_") + name, input.mels.unsqueeze(0));
    EXPECT_FALSE(input.longer);
  }
  o.padding = ClapPadding::repeat_pad;
  o.truncation = ClapTruncation::fusion;
  const auto input = ClapFrontEnd(o)(samples_of(wave));
  expect_near("out/fusion_short", input.mels.unsqueeze(0));
  EXPECT_FALSE(input.longer);
}

TEST_P(ClapFrontEndFixture, long_clips_are_cropped_and_fused_as_the_reference_does) {
  auto o = options();
  const auto wave = golden("in/long");
  expect_near("out/rand_trunc_long",
              ClapFrontEnd(o)
                  .crop(samples_of(wave), golden("in/rand_trunc_start_sample").item<std::int64_t>())
                  .unsqueeze(0));
  o.truncation = ClapTruncation::fusion;
  const auto starts = golden("in/fusion_start_frames");
  std::array<std::int64_t, 3> frames{};
  std::copy_n(starts.const_data_ptr<std::int64_t>(), 3, frames.begin());
  expect_near("out/fusion_long", ClapFrontEnd(o).fuse(samples_of(wave), frames).unsqueeze(0));
}

TEST_P(ClapFrontEndFixture, clips_of_the_published_length_are_the_reference_s) {
  auto o = options();
  o.max_samples = 10 * o.sample_rate;
  for (const auto& name : goldens->names())
    if (name.starts_with("in/full_"))
      expect_near("out/full_10s_repeatpad",
                  ClapFrontEnd(o)(samples_of(golden(name))).mels.unsqueeze(0));
}

INSTANTIATE_TEST_SUITE_P(Cases, ClapFrontEndFixture,
                         audio_cases_with_threads("transformers ClapFeatureExtractor"),
                         audio_case_name);

}  // namespace
