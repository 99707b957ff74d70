#pragma once
#include <cstdint>
#include <string>

#include <earshot/kit/random.hpp>

#include "signal.hpp"

namespace earshot::scenes {

/// Kinds of places, in the order of their labels; the last is not a room but open ground.
inline constexpr std::array<const char*, 6> room_names = {"bathroom", "living_room", "office",
                                                          "hall",     "church",      "outdoors"};
inline constexpr int outdoors = 5;

using Point = std::array<double, 3>;  // m

/// A shoebox room, or open ground. All surfaces have the same absorption spectrum, with different
/// exponents.
struct Room {
  int kind = 0;
  Point size{};  ///< m; 0 for open ground
  Bands
      log_reflection{};  ///< ln(1 - absorption), the mean over the surfaces (outdoors: the ground)
  /// Exponents of 1 - absorption: walls across x, walls across y, floor, ceiling. Their
  /// area-weighted mean is 1, so that Eyring's mean of ln(1 - absorption) is always log_reflection.
  std::array<double, 4> surfaces{1, 1, 1, 1};
  Bands air{};               ///< energy loss in air, 1/m (nepers of energy)
  double sound_speed = 343;  ///< m/s

  double volume() const;                           ///< m^3
  double area() const;                             ///< m^2, of all surfaces
  double absorption_area(std::size_t band) const;  ///< m^2, by Eyring's formula, with air
  double rt60(std::size_t band) const;             ///< s, by Eyring's formula with air; outdoors 0
  double rt60() const;  ///< s, mean of 500 Hz and 1 kHz (ISO 3382-2, T_mid)
  /// m: distance at which direct and reverberant energy are equal, sqrt(A / 16 pi) at 500 Hz and 1
  /// kHz.
  double critical_distance() const;
};

/// A room of a kind: geometry, materials and air drawn from `random`.
Room draw_room(int kind, kit::Random random);

/// The same room with more absorbing surfaces, so that every reverberation time is `share` (0 to 1)
/// of what it was. Not for open ground.
Room with_shorter_reverberation(Room room, double share);

struct Positions {
  Point source{}, receiver{};
};
/// Random positions in the room, `distance` apart and clear of the walls.
Positions draw_positions(const Room& room, double distance, kit::Random random);

/// Distances (m) of class `level` (0 near, 1 mid, 2 far) in places of a kind: what is far in a
/// bathroom is near in a church.
Range distance_range(int kind, int level);

/// Attenuation of sound in air, dB/m (ISO 9613-1:1993, equations 3 to 5, B.2, B.3), at one
/// atmosphere.
double air_attenuation(double frequency, double celsius, double humidity_percent);

}  // namespace earshot::scenes
