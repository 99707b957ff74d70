#include <cmath>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>

#include <earshot/kit/log_mel.hpp>
#include <earshot/kit/pooling.hpp>
#include <earshot/kit/random.hpp>

namespace {

using namespace earshot::kit;

TEST(Mel, scales_have_their_published_values_and_go_back) {
  // librosa: hz_to_mel(60) = 0.9, hz_to_mel([110, 220, 440]) = [1.65, 3.3, 6.6];
  // HTK: 1000 Hz is about 1000 mel.
  EXPECT_NEAR(hz_to_mel(60, MelScale::slaney), 0.9, 1e-12);
  EXPECT_NEAR(hz_to_mel(440, MelScale::slaney), 6.6, 1e-12);
  EXPECT_NEAR(hz_to_mel(6400, MelScale::slaney), 15 + 27, 1e-12);
  EXPECT_NEAR(hz_to_mel(1000, MelScale::htk), 999.9855, 1e-3);
  for (const auto scale : {MelScale::slaney, MelScale::htk})
    for (const double hz : {20.0, 999.0, 1001.0, 15000.0})
      EXPECT_NEAR(mel_to_hz(hz_to_mel(hz, scale), scale), hz, 1e-8);
}

TEST(MelFilters, have_equal_areas_or_equal_peaks_and_cover_each_bin_once) {
  const MelFilters equal_height(
      {.sample_rate = 16000, .n_fft = 2048, .bands = 30, .scale = MelScale::htk, .area = false});
  const auto rows = at::tensor(equal_height.dense()).view({30, 1025});
  const auto cover = rows.sum(0);
  // Between the centres of the first and last bands, neighbouring triangles add up to 1.
  EXPECT_NEAR(cover[400].item<double>(), 1, 1e-6);
  EXPECT_NEAR(cover[700].item<double>(), 1, 1e-6);
  const MelFilters equal_area({.sample_rate = 16000, .n_fft = 16384, .bands = 30});
  const auto areas = at::tensor(equal_area.dense()).view({30, 8193}).sum(1) * (16000.0 / 16384);
  EXPECT_LT((areas - 1).abs().max().item<double>(), 0.01);
}

TEST(MelFilters, apply_the_weights_that_dense_returns) {
  const MelFilters filters({.sample_rate = 32000, .n_fft = 1024, .bands = 64});
  const auto spectra = at::arange(7 * 513, at::kFloat).mul(0.7).sin().abs().view({7, 513});
  auto out = at::empty({7, 64});
  filters.apply(spectra.const_data_ptr<float>(), 7, out.mutable_data_ptr<float>());
  const auto expected =
      at::mm(spectra.to(at::kDouble), at::tensor(filters.dense()).view({64, 513}).t());
  EXPECT_TRUE(at::allclose(out.to(at::kDouble), expected, 1e-5, 1e-9));
}

TEST(Reflected, mirrors_without_repeating_the_ends_however_short_the_signal) {
  const auto mirrored = [](std::int64_t length) {
    std::vector<std::int64_t> result;
    for (std::int64_t i = -4; i < length + 3; ++i)
      result.push_back(reflected(i, length));
    return result;
  };
  EXPECT_THAT(mirrored(4), testing::ElementsAre(2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0));
  EXPECT_THAT(mirrored(2), testing::ElementsAre(0, 1, 0, 1, 0, 1, 0, 1, 0));
  EXPECT_THAT(mirrored(1), testing::Each(0));
}

std::vector<float> signal(std::int64_t samples, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> result(static_cast<std::size_t>(samples));
  for (auto& sample : result)
    sample = static_cast<float>(0.1 * random.normal());
  return result;
}

/// All frames of a spectrogram, row by row.
std::vector<float> spectra(const Spectrogram& spectrogram, std::span<const float> samples) {
  const auto bins = spectrogram.bins();
  std::vector<float> all(static_cast<std::size_t>(spectrogram.frames(std::ssize(samples)) * bins),
                         -1.0F);
  spectrogram.compute(samples, [&](std::int64_t first, std::int64_t count, const float* values) {
    std::copy_n(values, count * bins, all.begin() + first * bins);
  });
  return all;
}

/// The result of `compute` with 1 thread; checks that it is the same with several.
template <class Compute>
bool ignores_threads(const Compute& compute) {
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = compute();
  bool same = true;
  for (const int threads : {2, 3, 4, 8}) {
    at::set_num_threads(threads);
    same = same && compute() == one;
  }
  at::set_num_threads(before);
  return same;
}

TEST(Spectrogram, of_a_long_signal_does_not_depend_on_blocks) {
  const Spectrogram spectrogram({.n_fft = 64, .window = 64, .hop = 16});
  const auto samples = signal(16 * 5000, 1);  // more than one block of 4096 frames
  const auto all = spectra(spectrogram, samples);
  ASSERT_EQ(all.size(), 5001U * 33);
  // Only the part around frame 4100: its frame 10 covers the same samples.
  const auto part = spectra(spectrogram, std::span(samples).subspan(16 * 4090, 16 * 20));
  for (std::size_t k = 0; k < 33; ++k)
    EXPECT_NEAR(part[10 * 33 + k], all[4100 * 33 + k], 1e-5);
}

TEST(Spectrogram, gives_the_same_bits_with_any_number_of_threads) {
  const auto samples = signal(30 * 32000, 3);
  for (const std::int64_t n_fft : {64, 400, 1024, 1102, 4096, 65536}) {
    const Spectrogram spectrogram({.n_fft = n_fft, .window = n_fft, .hop = n_fft / 3});
    for (const std::size_t length : {std::size_t{1}, std::size_t{5000}, samples.size()})
      EXPECT_TRUE(ignores_threads([&] {
        return spectra(spectrogram, std::span(samples).first(length));
      })) << n_fft
          << " points, " << length << " samples";
  }
}

TEST(LogMel, gives_the_same_bits_with_any_number_of_threads) {
  const auto samples = signal(30 * 32000, 4);
  for (const std::int64_t hop : {160, 333})
    for (const auto logarithm : {Logarithm::decibel, Logarithm::natural}) {
      const LogMel log_mel({.spectrogram = {.hop = hop}, .logarithm = logarithm});
      EXPECT_TRUE(ignores_threads([&] {
        std::vector<float> mels(static_cast<std::size_t>(log_mel.frames(std::ssize(samples)) * 64));
        log_mel.compute(samples, mels.data());
        return mels;
      })) << hop;
    }
}

TEST(Dct, is_orthonormal) {
  const auto matrix = at::tensor(dct(12, 0, 12)).view({12, 12});
  EXPECT_LT((at::mm(matrix, matrix.t()) - at::eye(12, at::kDouble)).abs().max().item<double>(),
            1e-12);
}

TEST(Pool, sees_valid_frames_only) {
  auto values = at::tensor({1.F, 10.F, 3.F, 30.F, 99.F, 99.F}).view({1, 3, 2});
  const earshot::FeatureBatch features{.values = values,
                                       .lengths = at::tensor({std::int64_t{2}}),
                                       .spec = {.frame_rate = 10, .dim = 2}};
  const auto expect = [&](Pooling pooling, const std::vector<double>& expected) {
    EXPECT_TRUE(at::allclose(pool(features, pooling)[0], at::tensor(expected)));
  };
  expect(Pooling::mean, {2, 20});
  expect(Pooling::mean_std, {2, 20, 1, 10});
  expect(Pooling::max, {3, 30});
}

TEST(AtMostFrames, averages_like_adaptive_pooling_and_lengthens_nothing) {
  auto values = at::zeros({2, 5, 1});
  values[0].copy_(at::tensor({1.F, 2.F, 4.F, 8.F, 16.F}).unsqueeze(1));
  values[1].narrow(0, 0, 2).copy_(at::tensor({3.F, 5.F}).unsqueeze(1));
  const earshot::FeatureBatch features{.values = values,
                                       .lengths = at::tensor({5, 2}, at::kLong),
                                       .spec = {.frame_rate = 10, .dim = 1}};
  const auto three = at_most_frames(features, 3);
  three.check();
  // Frames 0 to 1, 1 to 3, 3 to 4 of five; the clip with two frames is unchanged.
  EXPECT_TRUE(at::allclose(three.values.squeeze(2),
                           at::tensor({1.5F, 14 / 3.F, 12.F, 3.F, 5.F, 0.F}).view({2, 3})));
  EXPECT_TRUE(at::equal(three.lengths, at::tensor({3, 2}, at::kLong)));
  EXPECT_EQ(three.spec.frame_rate, 10);
  const auto one = at_most_frames(features, 1);
  one.check();
  EXPECT_TRUE(at::allclose(one.values.flatten(), at::tensor({6.2F, 4.F})));
  EXPECT_EQ(one.spec.frame_rate, 0);
  for (const std::int64_t as_it_is : {0, 5, 9})
    EXPECT_TRUE(at::equal(at_most_frames(features, as_it_is).values, values));
}

TEST(Pool, keeps_the_spread_of_features_with_a_large_common_offset) {
  Random random(2);
  auto values = at::empty({1, 1000, 1});
  for (std::int64_t t = 0; t < 1000; ++t)
    values.mutable_data_ptr<float>()[t] = static_cast<float>(10000 + random.normal());
  const earshot::FeatureBatch features{.values = values,
                                       .lengths = at::tensor({std::int64_t{1000}}),
                                       .spec = {.frame_rate = 10, .dim = 1}};
  const auto doubles = values.to(at::kDouble).flatten();
  const auto pooled = pool(features, Pooling::mean_std)[0];
  EXPECT_NEAR(pooled[0].item<double>(), doubles.mean().item<double>(), 1e-9);
  EXPECT_NEAR(pooled[1].item<double>(), doubles.std(false).item<double>(), 1e-9);
}

TEST(Pool, leaves_one_vector_a_clip_as_it_is) {
  const earshot::FeatureBatch features{.values = at::ones({2, 1, 3}),
                                       .lengths = at::ones({2}, at::kLong),
                                       .spec = {.frame_rate = 0, .dim = 3}};
  EXPECT_EQ(pool(features, Pooling::mean_std).size(1), 3);
}

}  // namespace
