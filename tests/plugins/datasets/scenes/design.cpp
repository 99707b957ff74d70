#include "design.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

namespace earshot::scenes {
namespace {

using Factor = int Row::*;
constexpr std::array<Factor, 6> factors = {&Row::event, &Row::room,       &Row::distance,
                                           &Row::noise, &Row::noise_type, &Row::quality};

std::vector<Row> of(Split split, const std::vector<Row>& rows) {
  std::vector<Row> result;
  for (const Row& row : rows)
    if (row.split == split) result.push_back(row);
  return result;
}

std::map<int, double> counts(const std::vector<Row>& rows, Factor a) {
  std::map<int, double> result;
  for (const Row& row : rows)
    ++result[row.*a];
  return result;
}

/// Cramér, "Mathematical Methods of Statistics" (1946), p. 282.
double cramers_v(const std::vector<Row>& rows, Factor a, Factor b) {
  const auto first = counts(rows, a), second = counts(rows, b);
  std::map<std::pair<int, int>, double> both;
  for (const Row& row : rows)
    ++both[{row.*a, row.*b}];
  const auto n = static_cast<double>(rows.size());
  double chi2 = 0;
  for (const auto& [x, x_count] : first)
    for (const auto& [y, y_count] : second) {
      const double expected = x_count * y_count / n;
      chi2 += std::pow(both[{x, y}] - expected, 2) / expected;
    }
  return std::sqrt(chi2 / n / static_cast<double>(std::min(first.size(), second.size()) - 1));
}

double largest_v(const std::vector<Row>& rows) {
  double largest = 0;
  for (std::size_t a = 0; a < factors.size(); ++a)
    for (std::size_t b = 0; b < a; ++b)
      largest = std::max(largest, cramers_v(rows, factors[a], factors[b]));
  return largest;
}

TEST(Design, crosses_all_pairs_of_factors_exactly_at_the_default_size) {
  for (const std::uint64_t world : {0, 5})
    for (const Split split : {Split::train, Split::validation, Split::test})
      EXPECT_LT(largest_v(of(split, cross(1728, world))), 1e-9);
}

TEST(Design, stays_nearly_balanced_at_sizes_that_are_not_multiples) {
  const auto rows = cross(10007, 1);
  for (const Split split : {Split::train, Split::test})
    EXPECT_LT(largest_v(of(split, rows)), 0.05);
}

TEST(Design, balances_classes_within_each_split) {
  const auto rows = cross(1728, 3);
  for (const Split split : {Split::train, Split::validation, Split::test})
    for (const Factor factor : factors) {
      const auto found = counts(of(split, rows), factor);
      for (const auto& [level, count] : found)
        EXPECT_EQ(count, found.begin()->second) << level;
    }
}

TEST(Design, assigns_a_half_a_quarter_and_a_quarter_to_the_splits) {
  const auto rows = cross(1728, 0);
  EXPECT_EQ(of(Split::train, rows).size(), 864);
  EXPECT_EQ(of(Split::validation, rows).size(), 432);
  EXPECT_EQ(of(Split::test, rows).size(), 432);
}

TEST(Design, depends_on_the_world_and_on_nothing_else) {
  const auto events_of = [](std::uint64_t world) {
    std::vector<int> result;
    for (const Row& row : cross(432, world))
      result.push_back(row.event * 1000 + row.room * 100 + row.distance * 10 + row.quality);
    return result;
  };
  EXPECT_EQ(events_of(1), events_of(1));
  EXPECT_NE(events_of(1), events_of(2));
}

TEST(Design, what_event_and_room_tell_about_the_distance_does_not_carry_over_to_the_test_split) {
  const auto rows = cross(1728, 0);
  std::map<std::pair<int, int>, std::array<int, 3>> seen;
  for (const Row& row : of(Split::train, rows))
    ++seen[{row.event, row.room}][static_cast<std::size_t>(row.distance)];
  double right = 0;
  const auto test = of(Split::test, rows);
  for (const Row& row : test) {
    const auto& votes = seen[{row.event, row.room}];
    const auto guess = std::max_element(votes.begin(), votes.end()) - votes.begin();
    right += guess == row.distance ? 1 : 0;
  }
  EXPECT_LT(right / static_cast<double>(test.size()), 0.5);
}

TEST(Shuffler, gives_every_number_before_any_comes_again) {
  Shuffler shuffler(7, 5);
  for (int round = 0; round < 3; ++round) {
    std::set<std::int64_t> dealt;
    for (int k = 0; k < 5; ++k)
      dealt.insert(shuffler.next());
    EXPECT_EQ(dealt.size(), 5);
    EXPECT_EQ(*dealt.rbegin(), 4);
  }
}

}  // namespace
}  // namespace earshot::scenes
