#include "random_experiments.hpp"

namespace earshot::host {
namespace {

constexpr int trials = 4000;

struct Outcome {
  double supported = 0, contradicted = 0;  ///< percentage of trials
  double covered = 0;                      ///< percentage of intervals that cover the truth
};

/// Claims `a > b` along encoders over tasks and mappers, with given true differences by condition.
/// Clips vary by themselves and by encoder.
Outcome simulate(const std::map<std::pair<std::string, std::string>, double>& truth,
                 const Hypothesis& hypothesis) {
  RandomResults results;
  statistics::Random random(truth.size());
  Outcome outcome;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<PlainCell> cells;
    for (const auto* encoder : {"a", "b"})
      for (const auto& [condition, difference] : truth) {
        auto& cell = cells.emplace_back();
        cell.axes = {{"encoder", encoder},
                     {"dataset", "d"},
                     {"task", condition.first},
                     {"mapper", condition.second}};
        double clip = 0;
        for (std::int64_t item = 0; item < random_items; ++item) {
          if (item % 2 == 0) clip = random.uniform(-0.5, 0.5);
          cell.marks[item] = clip + random.uniform(-0.5, 0.5) + (*encoder == 'a' ? difference : 0);
        }
      }
    results.with(cells,
                 [&](const Store& store) {
                   const auto comparison = compare(store, {.experiment = "random", .base = "b"});
                   EXPECT_EQ(comparison.lines.size(), truth.size());
                   for (const auto& line : comparison.lines) {
                     const auto& interval = line.difference.interval;
                     const double value = truth.at({line.task(), line.condition.at("mapper")});
                     outcome.covered += 100.0 / static_cast<double>(trials * truth.size()) *
                                        (interval.low <= value && value <= interval.high);
                   }
                   const auto& verdict = comparison.verdicts.at(0).verdict;
                   outcome.supported += 100.0 / trials * (verdict == "supported");
                   outcome.contradicted += 100.0 / trials * (verdict == "contradicted");
                 },
                 {.hypotheses = {hypothesis}});
  }
  return outcome;
}

const Hypothesis better{.name = "h", .claim = "a > b", .candidate = "a", .base = "b"};

TEST(ClaimsSimulation, a_claim_that_fails_in_a_single_task_is_supported_in_at_most_5_percent) {
  const auto found = simulate({{{"t", "m"}, 1.0}, {{"u", "m"}, 0.0}}, better);
  EXPECT_LE(found.supported, 5);
  EXPECT_GE(found.supported, 1);  // not for lack of power: one side of a 5 % test
  EXPECT_GE(found.covered, 93.5);
  EXPECT_LE(found.covered, 97);
}

TEST(ClaimsSimulation, a_claim_that_fails_everywhere_is_hardly_ever_supported_nor_contradicted) {
  const auto found = simulate(
      {{{"t", "m"}, 0.0}, {{"t", "n"}, 0.0}, {{"u", "m"}, 0.0}, {{"u", "n"}, 0.0}}, better);
  EXPECT_LE(found.supported, 1);
  EXPECT_LE(found.contradicted, 5);
  EXPECT_GE(found.contradicted, 1);
  EXPECT_GE(found.covered, 93.5);
}

TEST(ClaimsSimulation, equivalence_that_fails_in_one_task_is_supported_in_at_most_5_percent) {
  const auto found = simulate({{{"t", "m"}, 0.0}, {{"u", "m"}, 0.8}}, {.name = "h",
                                                                       .claim = "a = b",
                                                                       .candidate = "a",
                                                                       .relation = Relation::equal,
                                                                       .base = "b",
                                                                       .margin = 0.8});
  EXPECT_LE(found.supported, 6);  // 5 plus three standard errors of the simulation
  EXPECT_GE(found.supported, 3);
}

TEST(ClaimsSimulation, a_true_claim_with_room_is_supported) {
  const auto found = simulate({{{"t", "m"}, 1.0}, {{"u", "m"}, 1.0}}, better);
  EXPECT_GE(found.supported, 95);
  EXPECT_EQ(found.contradicted, 0);
}

}  // namespace
}  // namespace earshot::host
