#include "steps.hpp"

#include <cmath>

namespace earshot::scenes {

namespace {

constexpr auto shift = static_cast<std::size_t>(0.002 * rate);  // samples
constexpr double noise_step = 10;                               // dB
constexpr double severity_step = 1.0 / 3;                       // the width of a class of quality

}  // namespace

double stepped_severity(double severity) {
  return severity + severity_step <= 1 ? severity + severity_step : severity - severity_step;
}

Scene stepped(Scene scene, Step step) {
  if (step == Step::distance) scene.approach = 0.5;
  if (step == Step::reverberation) scene.room = with_shorter_reverberation(scene.room, 0.5);
  if (step == Step::noise) scene.snr -= noise_step;
  return scene;
}

Signal render_stepped(const Scene& scene, Step step, std::size_t length) {
  Signal made = render(scene, length + shift).clip;
  if (step == Step::shift)
    made.resize(length);
  else
    made.erase(made.begin(), made.begin() + shift);
  if (step == Step::gain)
    for (float& x : made)
      x *= 0.5F;
  return made;
}

}  // namespace earshot::scenes
