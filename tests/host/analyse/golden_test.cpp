// Intervals and p-values equal those of an independent implementation in numpy and scipy,
// tests/golden/scripts/statistics.py.

#include <cmath>
#include <fstream>
#include <memory>
#include <set>

#include <gtest/gtest.h>

#include "host/analyse/difference.hpp"
#include "protocol/json.hpp"
#include "statistics/influence.hpp"
#include "statistics/interval.hpp"
#include "statistics/multiplicity.hpp"
#include "statistics/paired.hpp"

namespace earshot::host {
namespace {

using protocol::Json;
using Numbers = std::vector<double>;

Json golden() {
  std::ifstream stream(EARSHOT_SOURCE_DIR "/tests/golden/statistics.json");
  return Json::parse(stream);
}

double balanced_accuracy(const Numbers& truth, const Numbers& said) {
  std::map<double, std::pair<double, double>> hits_of;  // correct and total, by class
  for (std::size_t i = 0; i < truth.size(); ++i) {
    hits_of[truth[i]].first += said[i] == truth[i] ? 1 : 0;
    hits_of[truth[i]].second += 1;
  }
  double sum = 0;
  for (const auto& [name, hits] : hits_of)
    sum += hits.first / hits.second;
  return sum / static_cast<double>(hits_of.size());
}

double macro_f1(const Numbers& truth, const Numbers& said) {
  std::map<double, std::pair<double, double>> hits_of;  // correct, and in truth or prediction
  for (std::size_t i = 0; i < truth.size(); ++i) {
    hits_of[truth[i]].first += said[i] == truth[i] ? 1 : 0;
    hits_of[truth[i]].second += 1;
    hits_of[said[i]].second += 1;
  }
  double sum = 0;
  for (const auto& [name, hits] : hits_of)
    sum += 2 * hits.first / hits.second;
  return sum / static_cast<double>(hits_of.size());
}

double r2(const Numbers& truth, const Numbers& said) {
  double mean = 0, squares = 0, errors = 0;
  for (const double value : truth)
    mean += value / static_cast<double>(truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    squares += std::pow(truth[i] - mean, 2);
    errors += std::pow(truth[i] - said[i], 2);
  }
  return 1 - errors / squares;
}

double metric(const std::string& name, const Numbers& truth, const Numbers& said) {
  if (name == "r2") return r2(truth, said);
  return name == "macro_f1" ? macro_f1(truth, said) : balanced_accuracy(truth, said);
}

/// The metric, and each item's influence on it.
std::pair<double, Numbers> scored(const std::string& name, const Numbers& truth,
                                  const Numbers& said) {
  Numbers without;
  std::vector<std::int32_t> alone;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    auto fewer_truths = truth, fewer_said = said;
    fewer_truths.erase(fewer_truths.begin() + static_cast<std::ptrdiff_t>(i));
    fewer_said.erase(fewer_said.begin() + static_cast<std::ptrdiff_t>(i));
    without.push_back(metric(name, fewer_truths, fewer_said));
    alone.push_back(static_cast<std::int32_t>(i));
  }
  const double value = metric(name, truth, said);
  return {value, statistics::influences(value, without, alone).of_items()};
}

std::vector<Numbers> differences_of(const Json& sample) {
  if (!sample.contains("metric")) return sample.at("differences").get<std::vector<Numbers>>();
  std::vector<Numbers> rows;
  const auto name = sample.at("metric").get<std::string>();
  const auto truth = sample.at("truth").get<Numbers>();
  for (std::size_t s = 0; s < sample.at("base").size(); ++s) {
    const auto base = scored(name, truth, sample.at("base")[s].get<Numbers>());
    const auto candidate = scored(name, truth, sample.at("candidate")[s].get<Numbers>());
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < truth.size(); ++i)
      row.push_back(candidate.first - base.first + candidate.second[i] - base.second[i]);
  }
  return rows;
}

/// As Evidence builds it from stored runs.
Sample sample_of(const Json& from) {
  Sample sample{.metric = "metric", .kind = from.contains("metric") ? "score" : "mean"};
  sample.own_groups = std::make_shared<std::vector<ItemGroups>>(from.at("groups").at("").size());
  for (const auto& [dimension, names] : from.at("groups").items())
    for (std::size_t i = 0; i < names.size(); ++i)
      (*sample.own_groups)[i][dimension] = names[i].get<std::string>();
  for (const auto& groups : *sample.own_groups)
    sample.items.push_back(&groups);
  sample.differences = differences_of(from);
  for (std::size_t s = 0; s < sample.differences.size(); ++s) {
    double sum = 0;
    for (const double value : sample.differences[s])
      sum += value / static_cast<double>(sample.items.size());
    sample.seeds.push_back(static_cast<std::int64_t>(s));
    sample.base.push_back(0);
    sample.candidate.push_back(sum);
  }
  return sample;
}

/// One sample of several folds, whose scores have equal weight.
Sample folded(const std::vector<Sample>& folds) {
  Sample all = folds.front();
  all.items.clear();
  for (const auto& fold : folds)
    all.items.insert(all.items.end(), fold.items.begin(), fold.items.end());
  std::vector<statistics::Part> parts;
  for (const auto& fold : folds)
    parts.push_back({fold.differences, 1 / static_cast<double>(folds.size())});
  all.differences = statistics::weighted_sum(parts);
  return all;
}

Difference found(const Json& test) {
  std::vector<Sample> samples;
  for (const auto& sample : test.at("samples"))
    samples.push_back(sample_of(sample));
  const auto given = test.at("given").get<std::vector<std::string>>();
  if (test.at("folds").get<bool>()) return difference(std::vector{folded(samples)}, given);
  const auto first = test.at("first").get<std::size_t>();
  if (first == 0) return difference(samples, given);
  const std::span<const Sample> all(samples);
  return interaction(all.first(first), all.subspan(first), given);
}

void expect_equal(double ours, const Json& expected, const std::string& what) {
  const auto theirs = expected.at(what).get<double>();
  EXPECT_NEAR(ours, theirs, 1e-9 * std::max(1.0, std::abs(theirs))) << what;
}

TEST(GoldenStatistics, every_path_of_a_comparison_equals_numpy_and_scipy) {
  const auto all = golden();
  ASSERT_GE(all.at("cases").size(), 30u);
  for (const auto& test : all.at("cases")) {
    SCOPED_TRACE(test.at("name").get<std::string>());
    const auto& expected = test.at("expected");
    const auto& interval = found(test).interval;
    ASSERT_TRUE(interval.defined()) << interval.missing;
    expect_equal(interval.estimate, expected, "estimate");
    expect_equal(interval.standard_error, expected, "standard_error");
    expect_equal(interval.degrees_of_freedom, expected, "degrees_of_freedom");
    expect_equal(interval.low, expected, "low");
    expect_equal(interval.high, expected, "high");
    expect_equal(interval.p_value, expected, "p");
    const auto margin = expected.at("margin").get<double>();
    expect_equal(statistics::equivalence_p(interval, margin), expected, "p_equivalent");
    expect_equal(statistics::p_value(interval, std::copysign(margin, interval.estimate)), expected,
                 "p_margin");
  }
}

TEST(GoldenStatistics, mcnemar_sign_flips_and_corrections_equal_scipy) {
  const auto all = golden();
  const auto& mcnemar = all.at("mcnemar");
  EXPECT_NEAR(statistics::mcnemar_mid_p(mcnemar.at("down"), mcnemar.at("up")),
              mcnemar.at("p").get<double>(), 1e-12);
  const statistics::Clusters ten(10, {});
  const auto values = all.at("sign_flip").at("values").get<Numbers>();
  const double p = all.at("sign_flip").at("p").get<double>();
  EXPECT_NEAR(statistics::sign_flip_test(values, ten.dimensions().front()), p,
              4 * std::sqrt(p * (1 - p) / 10000));
  const auto several = all.at("several").at("p").get<Numbers>();
  const auto holm = statistics::holm(several), fdr = statistics::benjamini_hochberg(several);
  for (std::size_t i = 0; i < several.size(); ++i) {
    EXPECT_NEAR(holm[i], all.at("several").at("holm")[i].get<double>(), 1e-12);
    EXPECT_NEAR(fdr[i], all.at("several").at("benjamini_hochberg")[i].get<double>(), 1e-12);
  }
}

}  // namespace
}  // namespace earshot::host
