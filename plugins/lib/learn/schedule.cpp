#include <algorithm>
#include <cmath>
#include <numbers>

#include <lib/learn/schedule.hpp>

namespace earshot::kit {

OptionSchema Schedule::options() {
  return {
      {.name = "schedule",
       .value = std::string("constant"),
       .help = "Schedule of the learning rate after the warm-up; linear and cosine end at `floor`",
       .choices = {"constant", "linear", "cosine", "inverse_root"}},
      {.name = "warm_up",
       .value = std::int64_t{0},
       .help = "Number of steps over which the learning rate rises from `warm_up_from`",
       .unit = "steps",
       .min = 0},
      {.name = "warm_up_from",
       .value = 0.0,
       .help = "Share of the learning rate at which the warm-up begins",
       .min = 0,
       .max = 1},
      {.name = "floor",
       .value = 0.0,
       .help = "Share of the learning rate at which linear and cosine end",
       .min = 0,
       .max = 1},
  };
}

namespace {

Schedule::Shape shape_of(const std::string& name) {
  using enum Schedule::Shape;
  if (name == "linear") return linear;
  if (name == "cosine") return cosine;
  return name == "inverse_root" ? inverse_root : constant;
}

}  // namespace

Schedule Schedule::from(const Options& options, std::int64_t steps) {
  return {.shape = shape_of(options.text("schedule")),
          .warm_up = options.integer("warm_up"),
          .steps = steps,
          .start = options.number("warm_up_from"),
          .floor = options.number("floor")};
}

double Schedule::factor(std::int64_t step) const {
  if (step < warm_up)
    return start + (1 - start) * (static_cast<double>(step) / static_cast<double>(warm_up));
  if (shape == Shape::constant) return 1;
  const auto after = static_cast<double>(step - warm_up);
  if (shape == Shape::inverse_root) {
    const double scale = warm_up > 0 ? static_cast<double>(warm_up) : 10000;
    return std::sqrt(scale / (scale + after));
  }
  const auto done = after / static_cast<double>(std::max<std::int64_t>(1, steps - warm_up));
  if (done >= 1) return floor;
  const auto left =
      shape == Shape::linear ? 1 - done : 0.5 * (1 + std::cos(std::numbers::pi * done));
  return floor + (1 - floor) * left;
}

}  // namespace earshot::kit
