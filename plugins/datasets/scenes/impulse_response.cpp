#include "impulse_response.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "convolution.hpp"
#include "noise.hpp"

namespace earshot::scenes {

namespace {

using std::numbers::pi;

constexpr int kernel_half = 12;  // samples to each side of an arrival
constexpr int kernel_phases = 64;

/// Kernels for arrivals between samples: a Hann-windowed sinc, tabulated.
struct Kernels {
  float value[kernel_phases + 1][2 * kernel_half];
  Kernels() {
    for (int phase = 0; phase <= kernel_phases; ++phase)
      for (int tap = 0; tap < 2 * kernel_half; ++tap) {
        const double x = tap - kernel_half + 1 - static_cast<double>(phase) / kernel_phases;
        const double window =
            std::abs(x) < kernel_half ? 0.5 + 0.5 * std::cos(pi * x / kernel_half) : 0;
        const double sinc = std::abs(x) < 1e-9 ? 1 : std::sin(pi * x) / (pi * x);
        value[phase][tap] = static_cast<float>(window * sinc);
      }
  }
};

/// Accumulates arrivals in bands.
class Arrivals {
 public:
  Arrivals(const Room& room, double first, std::size_t length) : room_(room), first_(first) {
    parts_.fill(Signal(length, 0.0F));
  }

  /// A path of `distance` m whose surfaces add up to `reflections` (exponent of 1 - absorption).
  void add(double distance, double reflections, double weight) {
    static const Kernels kernels;
    const double at = (distance - first_) / room_.sound_speed * rate + static_cast<double>(lead);
    const auto whole = static_cast<std::ptrdiff_t>(std::floor(at));
    const auto phase =
        static_cast<int>(std::lround((at - static_cast<double>(whole)) * kernel_phases));
    const std::ptrdiff_t start = whole - kernel_half + 1;
    if (start < 0 || start + 2 * kernel_half > static_cast<std::ptrdiff_t>(parts_[0].size()))
      return;
    for (std::size_t band = 0; band < bands; ++band) {
      const double energy_loss =
          reflections * room_.log_reflection[band] - room_.air[band] * distance;
      const auto gain = static_cast<float>(weight / distance * std::exp(energy_loss / 2));
      float* place = &parts_[band][static_cast<std::size_t>(start)];
      for (int tap = 0; tap < 2 * kernel_half; ++tap)
        place[tap] += gain * kernels.value[phase][tap];
    }
  }

  Signal signal() const { return join_bands(parts_); }

 private:
  const Room& room_;
  double first_;
  std::array<Signal, bands> parts_;
};

double distance_between(const Point& a, const Point& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/// Image sources along one axis within `reach` m: their coordinate, and how often each of the two
/// walls reflected (Allen and Berkley 1979, eq. 4 and 9).
struct Image {
  double coordinate;
  int low, high;
};
std::vector<Image> images(double source, double receiver, double side, double reach) {
  std::vector<Image> result;
  const int last = static_cast<int>(std::ceil(reach / (2 * side))) + 1;
  for (int n = -last; n <= last; ++n)
    for (int mirrored = 0; mirrored < 2; ++mirrored) {
      const double coordinate = (mirrored != 0 ? -source : source) + 2 * n * side;
      if (std::abs(coordinate - receiver) <= reach)
        result.push_back({coordinate - receiver, std::abs(n - mirrored), std::abs(n)});
    }
  return result;
}

/// Progress of the crossfade from early images to noise at `time`: 0 to pi / 2.
double mixed(double time, double mixing_time) {
  return pi / 2 * std::clamp((time / mixing_time - 0.8) / 0.4, 0.0, 1.0);
}

Signal open_air(const Room& room, const Positions& positions, double direct) {
  Point mirrored = positions.source;
  mirrored[2] = -mirrored[2];
  const double reflected = distance_between(mirrored, positions.receiver);
  const auto delay = static_cast<std::size_t>((reflected - direct) / room.sound_speed * rate);
  Arrivals arrivals(room, direct, 2 * lead + delay + 2 * kernel_half);
  arrivals.add(direct, 0, 1);
  arrivals.add(reflected, 1, 1);
  return arrivals.signal();
}

Signal early(const Room& room, const Positions& positions, double direct, double mixing_time) {
  const double reach = 1.2 * mixing_time * room.sound_speed;
  const auto length =
      static_cast<std::size_t>((reach - direct) / room.sound_speed * rate) + 2 * lead;
  Arrivals arrivals(room, direct, length);
  std::array<std::vector<Image>, 3> axis;
  for (std::size_t a = 0; a < 3; ++a)
    axis[a] = images(positions.source[a], positions.receiver[a], room.size[a], reach);
  for (const Image& x : axis[0])
    for (const Image& y : axis[1])
      for (const Image& z : axis[2]) {
        const double distance = std::hypot(x.coordinate, y.coordinate, z.coordinate);
        if (distance > reach) continue;
        const double reflections = (x.low + x.high) * room.surfaces[0] +
                                   (y.low + y.high) * room.surfaces[1] + z.low * room.surfaces[2] +
                                   z.high * room.surfaces[3];
        arrivals.add(distance, reflections,
                     std::cos(mixed(distance / room.sound_speed, mixing_time)));
      }
  return arrivals.signal();
}

void add_tail(const Room& room, double direct, double mixing_time, std::uint64_t seed,
              Signal& response) {
  White white(seed);
  Signal noise(response.size());
  for (float& x : noise)
    x = white();
  const auto parts = split_bands(noise);
  const double density = std::sqrt(4 * pi * room.sound_speed / (room.volume() * rate));
  const double start = direct / room.sound_speed - static_cast<double>(lead) / rate;
  const auto first = static_cast<std::size_t>(std::max(0.0, (0.8 * mixing_time - start) * rate));
  for (std::size_t band = 0; band < bands; ++band) {
    const double per_second = -3 * std::numbers::ln10 / room.rt60(band);
    const double step = std::exp(per_second / rate);
    double envelope = density * std::exp(per_second * (start + static_cast<double>(first) / rate));
    for (std::size_t n = first; n < response.size(); ++n, envelope *= step) {
      const double time = start + static_cast<double>(n) / rate;
      const double fade = time < 1.2 * mixing_time ? std::sin(mixed(time, mixing_time)) : 1;
      response[n] += static_cast<float>(fade * envelope) * parts[band][n];
    }
  }
}

}  // namespace

Signal impulse_response(const Room& room, const Positions& positions, std::uint64_t seed) {
  const double direct = distance_between(positions.source, positions.receiver);
  if (room.kind == outdoors) return open_air(room, positions, direct);
  // Not before the direct sound has arrived with its first reflections.
  const double mixing_time =
      std::max(2e-3 * std::sqrt(room.volume()), 1.5 * direct / room.sound_speed + 5e-3);
  double longest = 0;
  for (std::size_t band = 0; band < bands; ++band)
    longest = std::max(longest, room.rt60(band));
  Signal response = early(room, positions, direct, mixing_time);
  response.resize(std::max(response.size(), lead + static_cast<std::size_t>(longest * rate)), 0.0F);
  add_tail(room, direct, mixing_time, seed, response);
  return response;
}

}  // namespace earshot::scenes
