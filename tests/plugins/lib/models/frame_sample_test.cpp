#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/models/frame_sample.hpp>

#include <earshot/kit/random.hpp>

namespace {

using earshot::kit::FrameSample;

at::Tensor normal_rows(std::int64_t rows, std::int64_t columns) {
  earshot::kit::Random random(3);
  auto values = at::empty({rows, columns});
  for (std::int64_t i = 0; i < values.numel(); ++i)
    values.mutable_data_ptr<float>()[i] = static_cast<float>(random.normal());
  return values;
}

/// The numbers 0 to count - 1.
at::Tensor count_up(std::int64_t count) {
  return at::arange(count, at::kLong);
}

/// All in clip 0.
at::Tensor one_clip(std::int64_t count) {
  return at::zeros({count}, at::kLong);
}

/// Whether each row is among the rows of `all`.
bool are_among(const at::Tensor& rows, const at::Tensor& all) {
  return (rows.unsqueeze(1) == all.unsqueeze(0)).all(2).any(1).all().item<bool>();
}

TEST(FrameSample, holds_frames_as_they_are_about_a_third_of_its_slots) {
  const auto frames = normal_rows(1000, 7);
  FrameSample sample(200, 7, 1, at::kCPU);
  std::int64_t held = 0;
  for (std::int64_t step = 0; step < 50; ++step) {
    sample.clear();
    sample.add(frames, one_clip(1000), count_up(1000), step, 0.2);
    const auto found = sample.frames();
    EXPECT_TRUE(are_among(found, frames));
    held += found.size(0);
  }
  // 200 slots and 200 frames: 1 / e of the slots hold one. The deviation of the sum is about 40.
  EXPECT_NEAR(static_cast<double>(held), 50 * 200 * 0.3679, 200);
}

TEST(FrameSample, takes_every_frame_with_the_same_probability) {
  const auto frames = normal_rows(100, 4);
  FrameSample sample(100, 4, 1, at::kCPU);
  auto times = at::zeros({100}, at::kLong);
  for (std::int64_t step = 0; step < 400; ++step) {
    sample.clear();
    sample.add(frames, one_clip(100), count_up(100), step, 1);
    times += (frames.unsqueeze(1) == sample.frames().unsqueeze(0)).all(2).any(1).to(at::kLong);
  }
  // Each is alone with probability 0.99^99 = 0.37: 148 times, deviation 10.
  EXPECT_GT(times.min().item<std::int64_t>(), 148 - 50);
  EXPECT_LT(times.max().item<std::int64_t>(), 148 + 50);
}

TEST(FrameSample, is_the_same_however_the_clips_are_divided) {
  const auto frames = normal_rows(300, 5);
  const auto places = at::cat({count_up(90), count_up(100), count_up(110)});
  const auto clips = at::cat({one_clip(90), one_clip(100) + 1, one_clip(110) + 2});
  FrameSample whole(100, 5, 1, at::kCPU), first(100, 5, 1, at::kCPU), second(100, 5, 1, at::kCPU);
  whole.add(frames, clips, places, 4, 0.5);
  first.add(frames.narrow(0, 90, 100), one_clip(100), count_up(100), 4, 0.5);
  second.add(at::cat({frames.narrow(0, 190, 110), frames.narrow(0, 0, 90)}),
             at::cat({one_clip(110), one_clip(90) + 1}), at::cat({count_up(110), count_up(90)}), 4,
             0.5);
  first.sums().add_(second.sums());
  EXPECT_TRUE(at::equal(first.frames(), whole.frames()));
  EXPECT_GT(whole.frames().size(0), 20);
}

TEST(FrameSample, equal_frames_at_different_places_or_in_different_clips_are_drawn_apart) {
  // Silence, of which the clips end differently.
  auto frames = at::zeros({400, 3});
  frames[199].fill_(1);
  const auto clips = at::cat({one_clip(200), one_clip(200) + 1});
  FrameSample sample(100, 3, 1, at::kCPU);
  sample.add(frames, clips, at::cat({count_up(200), count_up(200)}), 0, 0.25);
  EXPECT_GT(sample.frames().size(0), 15);
}

TEST(FrameSample, of_nothing_is_nothing) {
  FrameSample sample(10, 3, 1, at::kCPU);
  EXPECT_EQ(sample.frames().sizes(), at::IntArrayRef({0, 3}));
  sample.add(normal_rows(5, 3), one_clip(5), count_up(5), 0, 0);
  EXPECT_EQ(sample.frames().size(0), 0);
}

}  // namespace
