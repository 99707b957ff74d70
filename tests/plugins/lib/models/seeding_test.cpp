#include <set>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/models/seeding.hpp>

namespace {

using earshot::kit::drawn_apart;
using earshot::kit::drawn_evenly;
using earshot::kit::Random;

/// The numbers 0 to count - 1 as frames of one value.
at::Tensor numbers(std::int64_t count) {
  return at::arange(count, at::kFloat).unsqueeze(1);
}

std::multiset<float> values(const at::Tensor& frames) {
  const auto flat = frames.flatten().contiguous();
  const auto* value = flat.const_data_ptr<float>();
  return {value, value + flat.numel()};
}

TEST(Seeding, one_frame_of_each_cloud_is_drawn) {
  // Five clouds of 20 frames each, 1000 apart.
  const auto frames = numbers(20).repeat({5, 1}) * 0.01 +
                      1000 * at::arange(5, at::kFloat).repeat_interleave(20).unsqueeze(1);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    std::set<int> clouds;
    for (const auto value : values(drawn_apart(frames, frames.narrow(0, 0, 0), 5, random)))
      clouds.insert(static_cast<int>(value / 1000));
    EXPECT_EQ(clouds.size(), 5) << seed;
  }
}

TEST(Seeding, keeps_away_from_the_centres_there_are) {
  const auto frames = at::cat({numbers(50) * 0.01, at::full({1, 1}, 900.F)});
  Random random(1);
  const auto drawn = drawn_apart(frames, at::zeros({1, 1}), 1, random);
  EXPECT_EQ(drawn.item<float>(), 900);
}

TEST(Seeding, equal_frames_are_drawn_if_there_are_no_others) {
  Random random(1);
  const auto drawn = drawn_apart(at::ones({6, 2}), at::empty({0, 2}), 4, random);
  EXPECT_TRUE(at::equal(drawn, at::ones({4, 2})));
}

TEST(Seeding, an_even_draw_takes_none_twice) {
  Random random(1);
  const auto all = values(drawn_evenly(numbers(30), 30, random));
  EXPECT_EQ(std::set<float>(all.begin(), all.end()).size(), 30);
  EXPECT_EQ(drawn_evenly(numbers(3), 7, random).size(0), 7);
}

TEST(Seeding, depends_on_the_generator_alone) {
  using Draw = at::Tensor (*)(Random&);
  const Draw draws[] = {
      [](Random& random) { return drawn_apart(numbers(99), numbers(0), 9, random); },
      [](Random& random) { return drawn_evenly(numbers(99), 9, random); }};
  for (const auto draw : draws) {
    Random one(7), same(7), other(8);
    const auto drawn = draw(one);
    EXPECT_TRUE(at::equal(drawn, draw(same)));
    EXPECT_FALSE(at::equal(drawn, draw(other)));
  }
}

}  // namespace
