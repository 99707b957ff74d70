#include "crops.hpp"

#include <set>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

namespace {

using namespace earshot;
using representation::Crops;

/// Two clips of 10 and 4 samples at 10 Hz, whose samples count up; the teacher's frames are 5
/// and 2.
Crops::Cut counted() {
  auto samples = at::zeros({2, 1, 10}), values = at::zeros({2, 5, 1});
  samples[0][0].copy_(at::arange(10));
  samples[1][0].narrow(0, 0, 4).copy_(at::arange(100, 104));
  values[0].select(1, 0).copy_(at::arange(5));
  values[1].select(1, 0).narrow(0, 0, 2).copy_(at::arange(50, 52));
  return {
      .audio = {samples, at::tensor({10, 4}, at::kLong), 10},
      .teacher = {
          values, at::tensor({5, 2}, at::kLong), {.frame_rate = 5, .first_frame = 0.1, .dim = 1}}};
}

std::vector<float> row(const at::Tensor& tensor) {
  const auto flat = tensor.flatten().contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

TEST(Crops, come_from_the_middle) {
  const auto cut = Crops(0.6, {}).centre(counted());
  EXPECT_THAT(row(cut.audio.samples[0]), ::testing::ElementsAre(2, 3, 4, 5, 6, 7));
  EXPECT_THAT(row(cut.audio.samples[1]), ::testing::ElementsAre(100, 101, 102, 103, 0, 0));
  EXPECT_THAT(row(cut.teacher.values[0]), ::testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(row(cut.teacher.values[1]), ::testing::ElementsAre(50, 51, 0));
  EXPECT_TRUE(at::equal(cut.audio.lengths, at::tensor({6, 4}, at::kLong)));
  EXPECT_TRUE(at::equal(cut.teacher.lengths, at::tensor({3, 2}, at::kLong)));
  cut.audio.check();
  cut.teacher.check();
}

TEST(Crops, begin_anywhere_with_the_frames_of_the_same_stretch) {
  kit::Random random(1);
  std::set<float> starts, without_teacher;
  for (int draw = 0; draw < 200; ++draw) {
    const auto cut = Crops(0.4, {}).random(counted(), random);
    const auto start = cut.audio.samples[0][0][0].item<float>();
    starts.insert(start);
    EXPECT_EQ(cut.teacher.values[0][0][0].item<float>(), start / 2);
    auto audio_only = counted();
    audio_only.teacher = {};
    without_teacher.insert(
        Crops(0.4, {}).random(audio_only, random).audio.samples[0][0][0].item<float>());
  }
  EXPECT_THAT(starts, ::testing::ElementsAre(0, 2, 4, 6));
  EXPECT_THAT(without_teacher, ::testing::ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST(Crops, are_whole_clips_if_they_are_short_or_nothing_is_asked) {
  for (const double seconds : {0.0, 1.0, 99.0}) {
    const auto cut = Crops(seconds, {}).centre(counted());
    EXPECT_TRUE(at::equal(cut.audio.samples, counted().audio.samples)) << seconds;
    EXPECT_TRUE(at::equal(cut.teacher.values, counted().teacher.values)) << seconds;
  }
}

}  // namespace
