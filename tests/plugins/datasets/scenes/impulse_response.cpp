#include "impulse_response.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "convolution.hpp"
#include "scene.hpp"

namespace earshot::scenes {
namespace {

struct Case {
  Room room{};
  double distance = 0;
  Signal response{};
};

Case make_case(int kind, int number, double distance) {
  const Room room = draw_room(kind, kit::Random(kit::derive(11, "room", number)));
  const auto positions =
      draw_positions(room, distance, kit::Random(kit::derive(12, "positions", number)));
  return {room, distance, impulse_response(room, positions, kit::derive(13, "tail", number))};
}

double middle(const Range& range) {
  return (range.low + range.high) / 2;
}

/// Energy of the first milliseconds, with the direct sound, relative to the rest, dB.
double direct_to_reverberant(const Signal& response) {
  const std::size_t border = lead + 14;
  double direct = 0, rest = 0;
  for (std::size_t n = 0; n < response.size(); ++n)
    (n < border ? direct : rest) += double{response[n]} * response[n];
  return 10 * std::log10(direct / rest);
}

/// Mean up to 8 kHz of an energy that is given in bands, whose amplitudes cross over as cos^2.
double over_frequency(const Bands& energy) {
  constexpr int points = 800;
  double sum = 0;
  for (int k = 0; k < points; ++k) {
    const double frequency = (k + 0.5) * rate / 2 / points;
    const double octave =
        std::clamp(std::log2(frequency / band_centres[0]), 0.0, static_cast<double>(bands - 1));
    const auto lower = std::min(static_cast<std::size_t>(octave), bands - 2);
    const double part =
        std::pow(std::sin(std::numbers::pi / 2 * (octave - static_cast<double>(lower))), 2);
    sum += std::pow((1 - part) * std::sqrt(energy[lower]) + part * std::sqrt(energy[lower + 1]), 2);
  }
  return sum / points;
}

TEST(ImpulseResponse, decays_in_each_octave_by_eyrings_formula) {
  for (int kind = 0; kind < outdoors; ++kind)
    for (int number = 0; number < 6; ++number) {
      const Case c = make_case(kind, number, middle(distance_range(kind, 2)));
      const auto parts = split_bands(c.response);
      for (std::size_t band = 1; band < bands; ++band) {  // bathrooms have too few modes below
        const auto measured = reverberation_time(parts[band]);
        ASSERT_TRUE(measured.has_value());
        EXPECT_NEAR(*measured / c.room.rt60(band), 1, 0.15)
            << room_names[static_cast<std::size_t>(kind)] << " " << band_centres[band] << " Hz";
      }
    }
}

TEST(ImpulseResponse, has_the_reverberation_time_of_the_label_on_average) {
  for (int kind = 0; kind < outdoors; ++kind) {
    double ratio = 0;
    constexpr int count = 12;
    for (int number = 0; number < count; ++number) {
      const Case c = make_case(kind, number, middle(distance_range(kind, 1)));
      const auto parts = split_bands(c.response);
      ratio += (*reverberation_time(parts[2]) + *reverberation_time(parts[3])) / 2 / c.room.rt60() /
               count;
    }
    EXPECT_NEAR(ratio, 1, 0.04) << room_names[static_cast<std::size_t>(kind)];
  }
}

TEST(ImpulseResponse, has_the_direct_to_reverberant_ratio_of_its_distance) {
  // Barron and Lee 1988: the reverberant field begins with the direct sound, so that its energy is
  // 16 pi / A exp(-13.8 r / (c T)) against 1 / r^2. Surfaces of unequal absorption and single early
  // reflections bring up to 2.6 dB more than a diffuse field.
  for (int kind = 0; kind < outdoors; ++kind)
    for (int level = 0; level < 3; ++level) {
      double measured = 0, expected = 0;
      constexpr int count = 12;
      for (int number = 0; number < count; ++number) {
        const Case c = make_case(kind, number, middle(distance_range(kind, level)));
        Bands energy;
        for (std::size_t band = 0; band < bands; ++band)
          energy[band] = 16 * std::numbers::pi / c.room.absorption_area(band) *
                         std::exp(-6 * std::numbers::ln10 * c.distance /
                                  (c.room.sound_speed * c.room.rt60(band)));
        const double reverberant = over_frequency(energy);
        expected += -10 * std::log10(reverberant * c.distance * c.distance) / count;
        measured += direct_to_reverberant(c.response) / count;
      }
      EXPECT_NEAR(measured, expected, 3)
          << room_names[static_cast<std::size_t>(kind)] << " " << level;
    }
}

TEST(ImpulseResponse, holds_direct_and_reverberant_sound_in_balance_at_the_critical_distance) {
  double sum = 0;
  constexpr int count = 30;
  for (int number = 0; number < count; ++number) {
    const Room room = draw_room(3, kit::Random(kit::derive(11, "room", number)));
    const Case c = make_case(3, number, room.critical_distance());
    const auto parts = split_bands(c.response);
    sum += (direct_to_reverberant(parts[2]) + direct_to_reverberant(parts[3])) / 2 / count;
  }
  EXPECT_NEAR(sum, 0, 2.5);  // the direct sound of a narrow band rings beyond the boundary
}

TEST(ImpulseResponse, begins_with_the_direct_sound_at_one_over_distance) {
  for (const double distance : {0.5, 2.0, 8.0}) {
    const Case c = make_case(3, 1, distance);
    const auto first = static_cast<std::size_t>(
        std::max_element(c.response.begin(), c.response.begin() + lead + 20) - c.response.begin());
    EXPECT_EQ(first, lead);
    EXPECT_NEAR(c.response[first] * distance, 1, 0.1);
  }
}

TEST(ImpulseResponse, outdoors_is_direct_sound_and_one_reflection_of_the_ground) {
  Room ground{.kind = outdoors};
  ground.log_reflection.fill(std::log(0.64));
  const Signal response = impulse_response(ground, {{3, 0, 2}, {0, 0, 2}}, 0);
  // The image is 5 m away: 2 m later, 3/5 of the amplitude due to its distance, and 0.8 due to the
  // ground.
  const auto later = lead + static_cast<std::size_t>(std::lround(2 / 343.0 * rate));
  EXPECT_NEAR(response[lead], 1 / 3.0, 0.01);
  double reflected = 0;  // between samples, so compare its energy
  for (std::size_t n = later - 10; n <= later + 10; ++n)
    reflected += double{response[n]} * response[n];
  EXPECT_NEAR(std::sqrt(reflected), 0.8 / 5, 0.01);
}

TEST(ImpulseResponse, loses_treble_in_the_air) {
  Room open{.kind = outdoors};
  open.log_reflection.fill(std::log(1e-12));
  for (std::size_t band = 0; band < bands; ++band)
    open.air[band] = air_attenuation(band_centres[band], 10, 70) * std::numbers::ln10 / 10;
  const auto near = split_bands(impulse_response(open, {{1, 0, 2}, {0, 0, 2}}, 0));
  const auto far = split_bands(impulse_response(open, {{200, 0, 2}, {0, 0, 2}}, 0));
  for (const std::size_t band : {std::size_t{3}, std::size_t{5}}) {
    const double loss = 10 * std::log10(power(near[band]) * static_cast<double>(near[band].size()) /
                                        (power(far[band]) * static_cast<double>(far[band].size())));
    EXPECT_NEAR(loss - 20 * std::log10(200),
                0.199 * 1000 * air_attenuation(band_centres[band], 10, 70), 0.4);
  }
}

TEST(ImpulseResponse, depends_on_its_seed_only_in_the_tail) {
  const Room room = draw_room(3, kit::Random(1));
  const auto positions = draw_positions(room, 3, kit::Random(2));
  const Signal first = impulse_response(room, positions, 1),
               same = impulse_response(room, positions, 1),
               other = impulse_response(room, positions, 2);
  EXPECT_EQ(first, same);
  EXPECT_NE(first, other);
  for (std::size_t n = 0; n < lead + 200; ++n)
    EXPECT_EQ(first[n], other[n]);
}

}  // namespace
}  // namespace earshot::scenes
