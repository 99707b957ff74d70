#include "encoders/htsat/clap_front_end.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>

#include <earshot/error.hpp>
#include <earshot/kit/random.hpp>

namespace {

using namespace earshot::kit;
using ::testing::ElementsAre;

std::vector<float> noise(std::int64_t samples) {
  Random random(1);
  std::vector<float> wave(static_cast<std::size_t>(samples));
  for (auto& sample : wave)
    sample = static_cast<float>(0.1 * random.normal());
  return wave;
}

constexpr ClapFrontEndOptions one_second{.max_samples = 48000};
constexpr ClapFrontEndOptions with_fusion{.max_samples = 48000,
                                          .truncation = ClapTruncation::fusion};

TEST(ClapPadded, fills_with_whole_repeats_then_zeros_or_repeats_cut_or_zeros) {
  const std::vector<float> clip{1, 2, 3};
  EXPECT_THAT(clap_padded(clip, 8, ClapPadding::repeat_pad), ElementsAre(1, 2, 3, 1, 2, 3, 0, 0));
  EXPECT_THAT(clap_padded(clip, 8, ClapPadding::repeat), ElementsAre(1, 2, 3, 1, 2, 3, 1, 2));
  EXPECT_THAT(clap_padded(clip, 5, ClapPadding::zeros), ElementsAre(1, 2, 3, 0, 0));
  for (const auto padding : {ClapPadding::repeat_pad, ClapPadding::repeat, ClapPadding::zeros}) {
    EXPECT_THAT(clap_padded(clip, 3, padding), ElementsAre(1, 2, 3));
    EXPECT_THAT(clap_padded(clip, 2, padding), ElementsAre(1, 2, 3));
  }
}

TEST(ClapFrontEnd, a_clip_longer_by_less_than_a_hop_is_four_times_the_whole) {
  const ClapFrontEnd front_end(with_fusion);
  const auto input = front_end(noise(48000 + 479));
  EXPECT_FALSE(input.longer);
  ASSERT_EQ(input.mels.sizes(), at::IntArrayRef({4, 101, 64}));
  EXPECT_TRUE(at::equal(input.mels[0], input.mels[3]));
  EXPECT_TRUE(front_end(noise(48000 + 480)).longer);
}

TEST(ClapFrontEnd, a_longer_clip_is_the_whole_beside_the_middle_of_each_third) {
  const ClapFrontEnd front_end(with_fusion);
  const auto wave = noise(48000 * 4);  // 401 frames: stretches begin at 0 to 300
  const auto input = front_end(wave);
  EXPECT_TRUE(input.longer);
  // 101 + 100 + 100 stretches
  EXPECT_TRUE(at::equal(input.mels, front_end.fuse(wave, {50, 151, 251})));
  EXPECT_TRUE(at::equal(input.mels[2], front_end.mel_frames(wave).narrow(0, 151, 101)));
}

TEST(ClapFrontEnd, a_crop_is_the_middle_of_a_longer_clip) {
  const ClapFrontEnd front_end(one_second);
  const auto wave = noise(100000);
  const auto input = front_end(wave);
  EXPECT_TRUE(input.longer);
  EXPECT_TRUE(at::equal(input.mels, front_end.crop(wave, 26000)));
}

TEST(ClapFrontEnd, gives_the_same_bits_with_any_number_of_threads) {
  const auto threads = at::get_num_threads();
  const auto wave = noise(48000 * 3);
  at::set_num_threads(1);
  const auto one = ClapFrontEnd(with_fusion)(wave).mels;
  at::set_num_threads(2);
  EXPECT_TRUE(at::equal(ClapFrontEnd(with_fusion)(wave).mels, one));
  at::set_num_threads(threads);
}

TEST(ClapFrontEnd, refuses_stretches_outside_of_the_clip_and_filters_of_another_size) {
  const auto wave = noise(100000);
  EXPECT_THROW(ClapFrontEnd(one_second).crop(wave, 52001), earshot::ContractError);
  EXPECT_THROW(ClapFrontEnd(one_second).crop(wave, -1), earshot::ContractError);
  EXPECT_THROW(ClapFrontEnd(with_fusion).fuse(wave, {0, 0, 109}), earshot::ContractError);
  EXPECT_THROW(ClapFrontEnd(one_second, MelFilters({.sample_rate = 48000, .bands = 32})),
               earshot::ConfigError);
  EXPECT_THROW(ClapFrontEnd({.max_samples = 0}), earshot::ConfigError);
}

TEST(MelFilters, given_as_a_matrix_are_those_that_it_was_made_of) {
  const MelFilters made({.sample_rate = 32000, .n_fft = 512, .bands = 20, .low = 50, .high = 9000});
  const auto dense = made.dense();
  const MelFilters read(20, 257, std::vector<float>(dense.begin(), dense.end()));
  EXPECT_EQ(read.bands(), 20);
  EXPECT_EQ(read.bins(), 257);
  EXPECT_EQ(read.dense(), dense);
}

TEST(MelFilters, a_band_without_a_weight_gives_nothing) {
  const MelFilters filters(2, 3, std::vector<float>{0, 0, 0, 0, 2, 0});
  const float spectrum[] = {5, 7, 9};
  float out[] = {-1, -1};
  filters.apply(spectrum, 1, out);
  EXPECT_THAT(out, ElementsAre(0, 14));
}

}  // namespace
