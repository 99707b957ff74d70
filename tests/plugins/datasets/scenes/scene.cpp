#include "scene.hpp"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "filter.hpp"
#include "probe.hpp"

namespace earshot::scenes {
namespace {

TEST(Scene, has_the_signal_to_noise_ratio_of_its_label) {
  const Scenes scenes = make_scenes(72);
  for (std::int64_t i = 0; i < 72; i += 3) {
    const Rendering made = render(scenes.scene(i, 0), scenes.length());
    const auto labels = scenes.item(i).labels;
    const double label = std::get<double>(labels.at("snr"));
    EXPECT_NEAR(10 * std::log10(power(made.wet) / power(made.noise)), label, 0.01);
    const auto name = std::get<std::string>(labels.at("noise"));
    const auto level =
        static_cast<int>(std::find(snr_names.begin(), snr_names.end(), name) - snr_names.begin());
    EXPECT_GE(label, snr_range(level).low);
    EXPECT_LT(label, snr_range(level).high);
  }
}

TEST(Scene, has_classes_of_noise_that_meet_but_do_not_overlap) {
  EXPECT_EQ(snr_range(0).low, snr_range(1).high);
  EXPECT_EQ(snr_range(1).low, snr_range(2).high);
}

TEST(Scene, is_finite_at_every_stage) {
  const Scenes scenes = make_scenes(72);
  for (std::int64_t i = 0; i < 72; i += 5) {
    const Rendering made = render(scenes.scene(i, 0), scenes.length());
    for (const Signal* stage : {&made.dry, &made.wet, &made.noise, &made.recorded, &made.clip})
      EXPECT_TRUE(std::isfinite(power(*stage)) && power(*stage) > 0) << i;
  }
}

TEST(ReverberationTime, measures_an_exponential_decay) {
  for (const double time : {0.3, 1.0, 4.0}) {
    kit::Random random(1);
    Signal decay(static_cast<std::size_t>(1.2 * time * rate));
    for (std::size_t n = 0; n < decay.size(); ++n)
      decay[n] = static_cast<float>(random.normal() *
                                    std::pow(10, -3 * static_cast<double>(n) / (time * rate)));
    EXPECT_NEAR(*reverberation_time(decay) / time, 1, 0.04);
  }
}

TEST(ReverberationTime, is_missing_for_a_response_that_ends_too_early) {
  EXPECT_FALSE(reverberation_time(Signal(1000, 1.0F)).has_value());
}

}  // namespace
}  // namespace earshot::scenes
