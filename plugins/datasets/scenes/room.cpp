#include "room.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace earshot::scenes {

namespace {

using std::numbers::pi;

/// 24 ln 10: reverberation time = this times volume / (speed of sound times absorption area).
constexpr double sixty_decibels = 55.262042231857095;

struct Kind {
  Range width, length, height;  // m
  Range rt60;                   // s, from 500 Hz to 1 kHz, without air
  Bands shape;                  // reverberation time in each band relative to that
  Range distances[3];           // m
  double margin;                // m, between a position and the nearest wall
};

// Sizes and times from textbooks on room acoustics (Kuttruff, "Room Acoustics", 6th ed., ch. 9;
// Barron, "Auditorium Acoustics"); curves fall where tiles or air absorb, and rise towards the bass
// with carpets or suspended ceilings.
constexpr Kind kinds[] = {
    {{1.7, 3.0},
     {2.2, 3.8},
     {2.3, 2.7},
     {0.9, 1.4},
     {0.45, 0.7, 0.95, 1.05, 1.2, 1.2},
     {{0.06, 0.1}, {0.2, 0.32}, {1.4, 1.9}},
     0.2},
    {{3.5, 6.5},
     {4.0, 8.0},
     {2.4, 3.2},
     {0.2, 0.34},
     {2.2, 1.6, 1.15, 0.85, 0.65, 0.5},
     {{0.12, 0.22}, {0.5, 0.8}, {2.8, 4.2}},
     0.3},
    {{3.5, 8.0},
     {4.0, 12.0},
     {2.5, 3.3},
     {0.4, 0.6},
     {1.0, 1.0, 1.0, 1.0, 1.0, 1.0},
     {{0.1, 0.2}, {0.4, 0.7}, {2.8, 4.4}},
     0.3},
    {{12.0, 22.0},
     {18.0, 35.0},
     {5.0, 11.0},
     {1.8, 2.6},
     {1.3, 1.2, 1.05, 0.95, 0.75, 0.55},
     {{0.3, 0.6}, {1.3, 2.1}, {9.0, 15.0}},
     0.4},
    {{10.0, 22.0},
     {25.0, 50.0},
     {9.0, 20.0},
     {4.0, 7.0},
     {1.3, 1.2, 1.05, 0.95, 0.8, 0.6},
     {{0.3, 0.6}, {1.5, 2.5}, {12.0, 22.0}},
     0.5},
    {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {}, {{0.5, 1.5}, {10.0, 25.0}, {120.0, 300.0}}, 0},
};

const Kind& kind_of(int kind) {
  return kinds[static_cast<std::size_t>(kind)];
}

double within(Range range, kit::Random& random) {
  return random.uniform(range.low, range.high);
}

double log_within(Range range, kit::Random& random) {
  return range.low * std::pow(range.high / range.low, random.uniform());
}

/// Scales the area-weighted mean to 1.
void normalise(Room& room) {
  const auto [x, y, z] = room.size;
  auto& weight = room.surfaces;
  const double mean =
      (2 * y * z * weight[0] + 2 * x * z * weight[1] + x * y * (weight[2] + weight[3])) /
      room.area();
  for (double& w : weight)
    w /= mean;
}

}  // namespace

double Room::volume() const {
  return size[0] * size[1] * size[2];
}

double Room::area() const {
  return 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2]);
}

double Room::absorption_area(std::size_t band) const {
  return -area() * log_reflection[band] + 4 * air[band] * volume();
}

double Room::rt60(std::size_t band) const {
  if (kind == outdoors) return 0;
  return sixty_decibels * volume() / (sound_speed * absorption_area(band));
}

double Room::rt60() const {
  return (rt60(2) + rt60(3)) / 2;
}

double Room::critical_distance() const {
  return std::sqrt((absorption_area(2) + absorption_area(3)) / 2 / (16 * pi));
}

double air_attenuation(double frequency, double celsius, double humidity_percent) {
  const double kelvin = celsius + 273.15, relative = kelvin / 293.15;
  const double saturation = std::pow(10, -6.8346 * std::pow(273.16 / kelvin, 1.261) + 4.6151);
  const double h = humidity_percent * saturation;
  const double oxygen = 24 + 4.04e4 * h * (0.02 + h) / (0.391 + h);
  const double nitrogen = std::pow(relative, -0.5) *
                          (9 + 280 * h * std::exp(-4.170 * (std::pow(relative, -1.0 / 3) - 1)));
  const double f2 = frequency * frequency;
  return 8.686 * f2 *
         (1.84e-11 * std::sqrt(relative) +
          std::pow(relative, -2.5) *
              (0.01275 * std::exp(-2239.1 / kelvin) / (oxygen + f2 / oxygen) +
               0.1068 * std::exp(-3352.0 / kelvin) / (nitrogen + f2 / nitrogen)));
}

Range distance_range(int kind, int level) {
  return kind_of(kind).distances[static_cast<std::size_t>(level)];
}

Room draw_room(int kind, kit::Random random) {
  const Kind& typical = kind_of(kind);
  Room room{.kind = kind};
  const double celsius = kind == outdoors ? random.uniform(5, 30) : random.uniform(17, 24);
  const double humidity = random.uniform(35, 75);
  room.sound_speed = 331.3 * std::sqrt(1 + celsius / 273.15);
  for (std::size_t band = 0; band < bands; ++band)
    room.air[band] =
        air_attenuation(band_centres[band], celsius, humidity) * std::numbers::ln10 / 10;
  if (kind == outdoors) {  // from lawn to asphalt, which absorbs more towards high frequencies
    const double soft = random.uniform(0.05, 0.6);
    for (std::size_t band = 0; band < bands; ++band)
      room.log_reflection[band] =
          std::log(1 - soft * (0.3 + 0.7 * static_cast<double>(band) / (bands - 1)));
    return room;
  }
  room.size = {within(typical.width, random), within(typical.length, random),
               within(typical.height, random)};
  for (double& surface : room.surfaces)
    surface = random.uniform(0.4, 1.6);
  normalise(room);
  const double mid = log_within(typical.rt60, random);
  const double tilt = random.uniform(-0.1, 0.1);  // of the curve, from band to band
  for (std::size_t band = 0; band < bands; ++band) {
    const double time =
        mid * typical.shape[band] * std::exp(tilt * (static_cast<double>(band) - 2.5) / 2.5);
    const double absorption_area = sixty_decibels * room.volume() / (room.sound_speed * time);
    room.log_reflection[band] = -absorption_area / room.area();  // Eyring's formula, solved
  }
  return room;
}

Room with_shorter_reverberation(Room room, double share) {
  for (std::size_t band = 0; band < bands; ++band) {
    const double surfaces = room.absorption_area(band) / share - 4 * room.air[band] * room.volume();
    room.log_reflection[band] = -surfaces / room.area();
  }
  return room;
}

Positions draw_positions(const Room& room, double distance, kit::Random random) {
  if (room.kind == outdoors) {
    const double receiver = random.uniform(1.2, 1.8);
    const double rise = random.uniform(-0.5, 0.5) * std::min(distance, 2.0);
    const double across = std::sqrt(distance * distance - rise * rise);
    return {{across, 0, receiver + rise}, {0, 0, receiver}};
  }
  const double margin = kind_of(room.kind).margin;
  for (int attempt = 0; attempt < 300; ++attempt) {
    Positions positions;
    Point direction{};
    double norm = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      positions.receiver[axis] = random.uniform(margin, room.size[axis] - margin);
      direction[axis] = random.normal();
      norm += direction[axis] * direction[axis];
    }
    bool inside = true;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double place = positions.receiver[axis] + direction[axis] * distance / std::sqrt(norm);
      positions.source[axis] = place;
      inside = inside && place >= margin && place <= room.size[axis] - margin;
    }
    if (inside) return positions;
  }
  // From a corner along the diagonal: every distance in the table fits into the smallest room of
  // its kind.
  Positions positions;
  double diagonal = 0;
  for (const double side : room.size)
    diagonal += (side - 2 * margin) * (side - 2 * margin);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    positions.receiver[axis] = margin;
    positions.source[axis] =
        margin + (room.size[axis] - 2 * margin) * distance / std::sqrt(diagonal);
  }
  return positions;
}

}  // namespace earshot::scenes
