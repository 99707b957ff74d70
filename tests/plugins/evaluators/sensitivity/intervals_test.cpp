#include <array>
#include <cmath>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/random.hpp>

#include "pair_trial.hpp"
#include "worker/stage/metrics.hpp"

namespace sensitivity {
namespace {

using earshot::kit::Random;

constexpr std::int64_t scenes = 24, frames = 40, books = 3, entries = 64;

/// How often a step changes a code of each book.
struct KnownStep {
  const char* quantity;
  std::array<double, books> rates;
};
constexpr std::array<KnownStep, 3> known_steps = {
    {{"same", {0, 0, 0}}, {"gain", {0.02, 0.2, 0.5}}, {"distance", {0.3, 0.6, 0.95}}}};

/// Codes of which each book has changed at its rate, which differs from scene to scene by up to a
/// fifth of the room that it has: `ease` is in [-1, 1].
at::Tensor flipped(const at::Tensor& codes, const std::array<double, books>& rates, double ease,
                   Random& random) {
  auto changed = codes.clone();
  auto* code = changed.mutable_data_ptr<std::int64_t>();
  for (std::int64_t book = 0; book < books; ++book) {
    const double rate = rates[static_cast<std::size_t>(book)];
    const double own = rate + 0.2 * ease * std::min(rate, 1 - rate);
    for (std::int64_t t = 0; t < frames; ++t, ++code)
      if (random.uniform() < own) *code = (*code + 1 + random.below(entries - 1)) % entries;
  }
  return changed;
}

std::vector<Pair> simulated(std::uint64_t seed) {
  Random random(seed);
  std::vector<Pair> pairs;
  for (std::int64_t scene = 0; scene < scenes; ++scene) {
    auto codes = at::empty({books, frames}, at::kLong);
    auto* code = codes.mutable_data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < codes.numel(); ++i)
      code[i] = random.below(entries);
    const double ease = random.uniform(-1, 1);
    for (const auto& step : known_steps) {
      const auto name = std::to_string(scene);
      pairs.push_back({{.id = name + step.quantity,
                        .split = earshot::Split::test,
                        .groups = {{"clip", name}},
                        .slices = {{"quantity", step.quantity}},
                        .clips = {{}, {}}},
                       {codes, flipped(codes, step.rates, ease, random)}});
    }
  }
  return pairs;
}

std::vector<earshot::protocol::MetricRow> rows_of(std::uint64_t seed) {
  PairTrial trial(simulated(seed));
  auto evaluator = make({{"books", books}});
  evaluator.predict(trial);
  earshot::worker::Outcomes outcomes;
  for (const auto& prediction : trial.predictions) {
    outcomes.items.push_back(trial.item(earshot::Split::test, prediction.item));
    outcomes.predictions.push_back(prediction);
  }
  outcomes.marks = earshot::worker::mark_all(evaluator, outcomes.items, outcomes.predictions);
  std::vector<earshot::protocol::MetricRow> rows;
  for (auto& row : earshot::worker::slice_metrics(evaluator, outcomes, 2000))
    rows.push_back(std::move(row.first));
  return rows;
}

/// The value that a metric of the slice estimates.
double truth_of(const KnownStep& step, const std::string& metric) {
  const double all = (step.rates[0] + step.rates[1] + step.rates[2]) / books;
  if (metric == "changed") return all;
  // Of two random codes, one in `entries` agrees by chance.
  if (metric == "relative") return all / (1 - 1.0 / entries);
  return step.rates[static_cast<std::size_t>(metric.back() - '1')];
}

TEST(Intervals, cover_known_rates_of_changed_codes_as_often_as_they_say) {
  constexpr int simulations = 200;
  std::map<std::pair<std::string, std::string>, int> covered;
  for (int n = 0; n < simulations; ++n)
    for (const auto& row : rows_of(static_cast<std::uint64_t>(n)))
      for (const auto& step : known_steps) {
        const bool asked = row.metric.starts_with("changed") || row.metric == "relative";
        if (row.slice != step.quantity || !asked) continue;
        if (row.slice == "same") {  // nothing varies from which an interval could be computed
          EXPECT_EQ(row.value.get<double>(), 0) << row.metric;
          EXPECT_EQ(row.no_interval, "all groups have the same mean") << row.metric;
          continue;
        }
        ASSERT_TRUE(row.ci_low.is_number()) << row.metric << " " << row.no_interval;
        const double truth = truth_of(step, row.metric);
        if (row.ci_low.get<double>() <= truth && truth <= row.ci_high.get<double>())
          ++covered[{step.quantity, row.metric}];
      }
  EXPECT_EQ(covered.size(), (known_steps.size() - 1) * (books + 2));
  // 95 % of 200 are 190, with a binomial deviation of 3.1. Below: four deviations, since there are
  // ten of these counts, and half a percent of the 200 for the few codes that a rate of 2 % leaves.
  for (const auto& [what, count] : covered)
    EXPECT_GE(count, 190 - 4 * 3.1 - 1) << what.first << " " << what.second;
  for (const std::string metric : {"changed", "changed_02", "changed_03"})
    EXPECT_LT((covered[{"distance", metric}]), simulations) << metric;  // they can miss
}

TEST(Intervals, tell_steps_and_codebooks_apart) {
  std::map<std::pair<std::string, std::string>, std::pair<double, double>> between;
  for (const auto& row : rows_of(7))
    if (row.metric.starts_with("changed_") && row.slice_dimension == "quantity" &&
        row.slice != "same")
      between[{row.slice, row.metric}] = {row.ci_low.get<double>(), row.ci_high.get<double>()};
  for (const std::string book : {"changed_01", "changed_02", "changed_03"}) {
    EXPECT_LT((between[{"gain", book}].second), (between[{"distance", book}].first)) << book;
  }
  EXPECT_LT((between[{"gain", "changed_01"}].second), (between[{"gain", "changed_02"}].first));
  EXPECT_LT((between[{"gain", "changed_02"}].second), (between[{"gain", "changed_03"}].first));
}

}  // namespace
}  // namespace sensitivity
