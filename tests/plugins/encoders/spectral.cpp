#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>

#include <earshot/kit/random.hpp>

#include "encoders/spectral/log_mel.hpp"
#include "encoders/spectral/mfcc.hpp"

namespace {

using earshot::AudioBatch;
using earshot::Options;
using Given = std::map<std::string, earshot::OptionValue>;

const earshot::Context on_cpu{.device = at::kCPU};

spectral::LogMelEncoder log_mel(const Given& given = {}) {
  return {Options(spectral::LogMelEncoder::options(), given), on_cpu};
}

spectral::Mfcc mfcc(const Given& given = {}) {
  return {Options(spectral::Mfcc::options(), given), on_cpu};
}

at::Tensor noise(std::int64_t samples, std::uint64_t seed) {
  earshot::kit::Random random(seed);
  auto tensor = at::empty({samples});
  for (std::int64_t n = 0; n < samples; ++n)
    tensor.mutable_data_ptr<float>()[n] = static_cast<float>(0.1 * random.normal());
  return tensor;
}

AudioBatch batch(const std::vector<at::Tensor>& clips, float padding = 0) {
  std::int64_t longest = 0;
  std::vector<std::int64_t> lengths;
  for (const auto& clip : clips)
    longest = std::max(longest, lengths.emplace_back(clip.size(0)));
  auto samples = at::full({static_cast<std::int64_t>(clips.size()), 1, longest}, padding);
  for (std::size_t b = 0; b < clips.size(); ++b)
    samples[static_cast<std::int64_t>(b)][0].narrow(0, 0, lengths[b]).copy_(clips[b]);
  return {.samples = samples, .lengths = at::tensor(lengths), .sample_rate = 32000};
}

/// Valid frames of clip b.
at::Tensor valid(const earshot::FeatureBatch& features, std::int64_t b) {
  return features.values[b].narrow(0, 0, features.lengths[b].item<std::int64_t>());
}

TEST(LogMel, equals_its_definition_in_double_precision) {
  auto encoder = log_mel({{"n_fft", std::int64_t{512}},
                          {"window", std::int64_t{400}},
                          {"hop", std::int64_t{160}},
                          {"mels", std::int64_t{40}},
                          {"top_db", 0.0}});
  const auto clip = noise(4000, 1);
  const auto ours = encoder.encode(batch({clip})).values[0].to(at::kDouble);

  const auto padded = at::reflection_pad1d(clip.to(at::kDouble).unsqueeze(0), {256, 256})[0];
  const auto window = at::constant_pad_nd(at::hann_window(400, true, at::kDouble), {56, 56});
  const auto spectrum = at::fft_rfft(padded.unfold(0, 512, 160) * window).abs().square();
  const earshot::kit::MelFilters filters({.sample_rate = 32000, .n_fft = 512, .bands = 40});
  const auto weights = at::tensor(filters.dense()).view({40, 257});
  const auto expected = at::mm(spectrum, weights.t()).clamp_min(1e-10).log10() * 10;
  ASSERT_EQ(ours.sizes(), expected.sizes());
  EXPECT_LT((ours - expected).abs().max().item<double>(), 1e-3);
}

TEST(LogMel, puts_a_sine_into_the_band_around_its_frequency) {
  auto encoder = log_mel({{"scale", std::string("htk")}, {"norm", std::string("none")}});
  auto clip = at::empty({32000});
  for (std::int64_t n = 0; n < 32000; ++n)
    clip.mutable_data_ptr<float>()[n] =
        static_cast<float>(std::sin(2 * std::numbers::pi * 2000 * static_cast<double>(n) / 32000));
  const auto loudest =
      encoder.encode(batch({clip})).values[0].mean(0).argmax().item<std::int64_t>();
  using earshot::kit::hz_to_mel, earshot::kit::MelScale;
  const auto band = hz_to_mel(2000, MelScale::htk) / (hz_to_mel(16000, MelScale::htk) / 65) - 1;
  EXPECT_NEAR(static_cast<double>(loudest), band, 0.51);
}

TEST(LogMel, frames_depend_on_nothing_but_their_own_clip) {
  auto encoder = log_mel();
  const auto a = noise(5000, 1), b = noise(12345, 2) * 0.01;
  const auto together = encoder.encode(batch({a, b}, /*padding=*/0.9F));
  const auto alone_a = encoder.encode(batch({a})), alone_b = encoder.encode(batch({b}));
  together.check();
  EXPECT_TRUE(at::equal(valid(together, 0), alone_a.values[0]));
  EXPECT_TRUE(at::equal(valid(together, 1), alone_b.values[0]));
  EXPECT_EQ(together.values[0].narrow(0, 16, 23).abs().max().item<float>(), 0);
}

TEST(LogMel, limits_the_range_below_the_maximum_of_each_clip) {
  auto encoder = log_mel({{"top_db", 20.0}});
  auto loud = noise(32000, 1);
  loud.narrow(0, 16000, 16000).zero_();
  const auto both = encoder.encode(batch({loud, loud * 0.001}));
  for (std::int64_t b = 0; b < 2; ++b)
    EXPECT_NEAR((both.values[b].max() - both.values[b].min()).item<float>(), 20, 1e-4);
  EXPECT_NEAR((both.values[0].max() - both.values[1].max()).item<float>(), 60, 1e-3);
}

TEST(LogMel, takes_one_sample_silence_and_full_scale) {
  auto encoder = log_mel({{"log", std::string("natural")}});
  for (const auto& clip : {at::ones({1}), at::zeros({1000}), at::ones({1000})}) {
    const auto features = encoder.encode(batch({clip}));
    features.check();
    EXPECT_TRUE(at::isfinite(features.values).all().item<bool>());
  }
  EXPECT_NEAR(encoder.encode(batch({at::zeros({10})})).values.max().item<float>(), std::log(1e-10),
              1e-3);
}

TEST(LogMel, without_centring_begins_frames_at_multiples_of_hop) {
  auto encoder = log_mel({{"centre", false}});
  EXPECT_DOUBLE_EQ(encoder.spec().first_frame, 0.016);
  const auto clip = noise(3200, 3);
  const auto features = encoder.encode(batch({clip}));
  EXPECT_EQ(features.lengths[0].item<std::int64_t>(), 10);
  const auto centred = log_mel().encode(batch({clip}));
  // A frame that begins at sample 640 is centred at 1152, between two centred frames (3.6 hops).
  EXPECT_FALSE(at::allclose(features.values[0][2], centred.values[0][2]));
  const auto late = encoder.encode(batch({clip.narrow(0, 640, 1024)}));
  EXPECT_TRUE(at::allclose(features.values[0][2], late.values[0][0], 1e-4, 1e-3));
}

TEST(LogMel, refuses_bands_that_hold_no_frequency) {
  EXPECT_THROW(log_mel({{"n_fft", std::int64_t{256}}, {"mels", std::int64_t{200}}}),
               earshot::ConfigError);
  EXPECT_THROW(log_mel({{"fmax", 17000.0}}), earshot::ConfigError);
  EXPECT_THROW(log_mel({{"window", std::int64_t{2048}}}), earshot::ConfigError);
}

TEST(Mfcc, is_the_orthonormal_transform_of_log_mel_frames) {
  const auto clip = noise(8000, 4);
  const auto mels = log_mel().encode(batch({clip})).values[0].to(at::kDouble);
  const auto all = mfcc({{"count", std::int64_t{64}}}).encode(batch({clip})).values[0];
  // Orthonormal: energy is kept, and the mean is in coefficient 0.
  EXPECT_TRUE(at::allclose(all.to(at::kDouble).square().sum(1), mels.square().sum(1), 1e-5));
  EXPECT_TRUE(at::allclose(all.to(at::kDouble).select(1, 0), mels.mean(1) * 8, 1e-5));
  const auto some =
      mfcc({{"first", std::int64_t{1}}, {"count", std::int64_t{12}}}).encode(batch({clip}));
  EXPECT_TRUE(at::allclose(some.values[0], all.narrow(1, 1, 12), 1e-5, 1e-4));
  EXPECT_THROW(mfcc({{"first", std::int64_t{60}}}), earshot::ConfigError);
}

TEST(Mfcc, of_a_clip_has_the_same_bits_with_any_threads_and_company) {
  auto encoder = mfcc({{"hop", std::int64_t{100}}});
  const auto a = noise(10 * 32000 + 77, 5), b = noise(12345, 6);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = encoder.encode(batch({a})).values[0];
  for (const int threads : {2, 3, 8}) {
    at::set_num_threads(threads);
    EXPECT_TRUE(at::equal(encoder.encode(batch({a})).values[0], one)) << threads;
    EXPECT_TRUE(at::equal(valid(encoder.encode(batch({b, a, b})), 1), one)) << threads;
  }
  at::set_num_threads(before);
}

TEST(Mfcc, appends_the_zero_crossing_rate_of_each_hop) {
  auto encoder = mfcc({{"zero_crossings", true}, {"hop", std::int64_t{512}}});
  auto clip = at::ones({1100});
  clip.narrow(0, 512, 512).view({256, 2}).select(1, 1).fill_(-1);  // a change at every sample
  const auto features = encoder.encode(batch({clip}));
  EXPECT_EQ(features.spec.dim, 21);
  EXPECT_TRUE(at::equal(features.values[0].select(1, 20), at::tensor({0.F, 1.F, 0.F})));
}

TEST(Mfcc, reads_sixteen_bit_samples_as_never_zero) {
  auto encoder = mfcc({{"zero_crossings", true}, {"sixteen_bit", true}});
  auto clip = at::zeros({320});
  clip[100] = -1e-9;  // rounds to 0, which counts as positive
  clip[200] = -2.0 / 32768;
  const auto rate = encoder.encode(batch({clip})).values[0][0][20].item<float>();
  EXPECT_NEAR(rate, 2.0 / 319, 1e-6);
}

}  // namespace
