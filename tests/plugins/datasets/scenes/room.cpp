#include "room.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace earshot::scenes {
namespace {

TEST(AirAttenuation, agrees_with_the_table_of_iso_9613_2) {
  // dB/km at 10 degrees C and 70 % (ISO 9613-2:1996, table 2).
  const double frequencies[] = {250, 500, 1000, 2000, 4000, 8000};
  const double expected[] = {1.0, 1.9, 3.7, 9.7, 32.8, 117};
  for (int k = 0; k < 6; ++k)
    EXPECT_NEAR(1000 * air_attenuation(frequencies[k], 10, 70), expected[k],
                0.06 + 0.015 * expected[k]);
}

TEST(Room, follows_eyring) {
  Room room{.kind = 2, .size = {5, 4, 3}};
  room.log_reflection.fill(std::log(1 - 0.3));
  // 24 ln 10 V / (-c S ln(1 - a)) with V = 60 m^3, S = 94 m^2.
  EXPECT_NEAR(room.rt60(3), 55.262 * 60 / (343 * 94 * 0.35667), 1e-3);
  EXPECT_NEAR(room.critical_distance(), std::sqrt(94 * 0.35667 / (16 * std::numbers::pi)), 1e-4);
}

TEST(Room, has_times_that_are_typical_of_its_kind) {
  const double low[] = {0.4, 0.18, 0.3, 0.8, 1.8}, high[] = {1.4, 0.8, 1.0, 2.6, 7};
  for (int kind = 0; kind < outdoors; ++kind)
    for (int k = 0; k < 100; ++k) {
      const Room room = draw_room(kind, kit::Random(kit::derive(1, "room", k)));
      EXPECT_GT(room.rt60(), low[kind]) << room_names[static_cast<std::size_t>(kind)];
      EXPECT_LT(room.rt60(), high[kind]) << room_names[static_cast<std::size_t>(kind)];
      for (std::size_t band = 0; band < bands; ++band)
        EXPECT_LT(1 - std::exp(room.log_reflection[band]), 0.9);
    }
}

TEST(Room, weighs_its_surfaces_to_a_mean_of_one) {
  const Room room = draw_room(3, kit::Random(5));
  const auto [x, y, z] = room.size;
  const auto& w = room.surfaces;
  EXPECT_NEAR(2 * y * z * w[0] + 2 * x * z * w[1] + x * y * (w[2] + w[3]), room.area(), 1e-9);
}

TEST(Positions, are_as_far_apart_as_asked_and_inside) {
  for (int kind = 0; kind <= outdoors; ++kind)
    for (int level = 0; level < 3; ++level)
      for (int k = 0; k < 50; ++k) {
        const Room room = draw_room(kind, kit::Random(kit::derive(2, "room", k)));
        const auto range = distance_range(kind, level);
        for (const double distance : {range.low, range.high}) {
          const auto [source, receiver] =
              draw_positions(room, distance, kit::Random(kit::derive(3, "positions", k)));
          EXPECT_NEAR(
              std::hypot(source[0] - receiver[0], source[1] - receiver[1], source[2] - receiver[2]),
              distance, 1e-9);
          for (std::size_t axis = 0; axis < 3 && kind != outdoors; ++axis)
            for (const Point& point : {source, receiver}) {
              EXPECT_GT(point[axis], 0.1);
              EXPECT_LT(point[axis], room.size[axis] - 0.1);
            }
          EXPECT_GT(source[2], 0);
        }
      }
}

TEST(DistanceRange, keeps_the_classes_apart) {
  for (int kind = 0; kind <= outdoors; ++kind)
    for (int level = 0; level < 2; ++level)
      EXPECT_LT(distance_range(kind, level).high, distance_range(kind, level + 1).low);
}

}  // namespace
}  // namespace earshot::scenes
