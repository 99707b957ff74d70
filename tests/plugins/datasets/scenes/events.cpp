#include "events.hpp"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include <earshot/kit/random.hpp>

#include "filter.hpp"
#include "probe.hpp"

namespace earshot::scenes {
namespace {

constexpr std::size_t ten_seconds = 160000;

TEST(Events, are_all_finite_of_unit_power_and_sound_until_the_end) {
  for (int event = 0; event < events; ++event)
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      const Signal dry = render(draw_source(event, seed), seed, ten_seconds);
      ASSERT_EQ(dry.size(), ten_seconds);
      EXPECT_NEAR(power(dry), 1, 1e-3);
      const Signal last(dry.end() - 64000, dry.end());
      EXPECT_GT(power(last), 0.01) << event_names[static_cast<std::size_t>(event)];
    }
}

TEST(Events, depend_on_source_and_performance) {
  for (int event = 0; event < events; ++event) {
    const Source source = draw_source(event, 1), other = draw_source(event, 2);
    EXPECT_EQ(render(source, 3, 32000), render(source, 3, 32000));
    EXPECT_NE(render(source, 3, 32000), render(source, 4, 32000));
    EXPECT_NE(render(source, 3, 32000), render(other, 3, 32000));
  }
}

TEST(Events, are_mostly_below_six_kilohertz) {
  for (int event = 0; event < events; ++event)
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      Signal dry = render(draw_source(event, seed), 0, ten_seconds);
      low_pass(6000, dry);
      EXPECT_GT(power(dry), 0.5) << event_names[static_cast<std::size_t>(event)];
    }
}

TEST(Events, are_told_apart_by_a_log_mel_probe_on_dry_sound) {
  const Scenes scenes = make_scenes(1728);
  const Table dry = table(scenes, [](const Scene& scene, std::size_t length) {
    return log_mel(render(scene.source, scene.performance, length));
  });
  EXPECT_GE(probe(dry, scenes.labels()[0]), 0.95);
}

}  // namespace
}  // namespace earshot::scenes
