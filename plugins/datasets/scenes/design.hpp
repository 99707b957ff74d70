#pragma once
#include <cstdint>
#include <vector>

#include <earshot/dataset.hpp>

namespace earshot::scenes {

// Levels of the crossed factors.
inline constexpr int events = 12, room_kinds = 6, distances = 3, noise_levels = 3, noise_kinds = 4,
                     qualities = 3;

/// A clip's place in the design: one level of each factor.
struct Row {
  Split split = Split::train;
  int event = 0, room = 0, distance = 0, noise = 0, noise_type = 0, quality = 0;
  std::int64_t number = 0;  ///< index in its split
};

/// Crosses the factors: within a split, each pair of factors is balanced exactly at multiples of
/// 432 clips, and nearly so otherwise. Rows are training, validation and test in turn: 1/2, 1/4 and
/// the rest.
///
/// Construction, for a block of 72 that crosses event e = (e3 of 3, e4 of 4) with room r = (r3 of
/// 3, r2 of 2) completely: distance e3 + r3, noise e3 + 2 r3, quality e3 + r3 + t (all mod 3, t the
/// block's number mod 3: distance and quality become orthogonal over three blocks), and the two
/// bits of the noise type are those of e4, one flipped by r2, one by a bit that alternates. Linear
/// functions that are independent over GF(3) are orthogonal (Hedayat, Sloane, Stufken, "Orthogonal
/// Arrays", 1999, ch. 3). Levels are relabelled at random for every 432 rows and split: what event
/// and room together tell about the distance is random, and differs in the test split.
std::vector<Row> cross(std::int64_t clips, std::uint64_t world);

/// Numbers below `count`, at random but as evenly as can be: each comes once before any comes
/// again.
class Shuffler {
 public:
  Shuffler(std::uint64_t seed, std::int64_t count);
  std::int64_t next();

 private:
  std::uint64_t seed_;
  std::int64_t round_ = 0;
  std::vector<std::int64_t> order_;
  std::size_t next_;
};

}  // namespace earshot::scenes
