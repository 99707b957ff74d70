#include <cmath>

#include <gtest/gtest.h>

#include "probe.hpp"

namespace earshot::scenes {
namespace {

TEST(Difficulty, leaves_errors_to_a_log_mel_probe_and_nothing_to_a_level_probe) {
  const Scenes scenes = make_scenes(1728);
  const Table both = table(scenes, [](const Scene& scene, std::size_t length) {
    const Signal clip = render(scene, length).clip;
    auto row = level(clip);
    const auto more = log_mel(clip);
    row.insert(row.end(), more.begin(), more.end());
    return row;
  });
  const Table levels{both.items, both.rows.slice(1, 0, 3).contiguous()};
  const Table spectra{both.items, both.rows.slice(1, 3).contiguous()};
  for (const LabelSpec& label : scenes.labels()) {
    if (label.classes.empty() || label.name == "setting" || label.name == "noise_type") continue;
    const double heard = probe(spectra, label);
    EXPECT_GE(heard, 0.45) << label.name;
    EXPECT_LE(heard, 0.85) << label.name;
    const double chance = 1 / static_cast<double>(label.classes.size());
    // 2.6 standard deviations of 432 guesses: one false alarm in 100.
    const double luck = chance + 2.6 * std::sqrt(chance * (1 - chance) / 432);
    RecordProperty(label.name, std::to_string(heard));
    EXPECT_LT(probe(levels, label), luck) << label.name;
  }
}

}  // namespace
}  // namespace earshot::scenes
