#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "statistics/influence.hpp"
#include "statistics/interval.hpp"
#include "statistics/paired.hpp"
#include "statistics/random.hpp"

namespace earshot::statistics {
namespace {

constexpr int trials = 4000;
constexpr std::size_t classes = 4;

using Confusion = std::array<std::array<double, classes>, classes>;  ///< [truth][prediction]

double balanced_accuracy(const Confusion& counts) {
  double sum = 0, occurring = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    double all = 0;
    for (const double count : counts[k])
      all += count;
    if (all == 0) continue;
    sum += counts[k][k] / all;
    ++occurring;
  }
  return sum / occurring;
}

double macro_f1(const Confusion& counts) {
  double sum = 0, occurring = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    double all = 0;
    for (std::size_t other = 0; other < classes; ++other)
      all += counts[k][other] + counts[other][k];
    if (all == 0) continue;
    sum += 2 * counts[k][k] / all;
    ++occurring;
  }
  return sum / occurring;
}

using Metric = double (*)(const Confusion&);
struct Said {
  std::size_t truth = 0, said = 0;
};

/// Each item's contribution to a metric of all items.
std::vector<double> contributions(const std::vector<Said>& items, Metric metric) {
  Confusion counts{};
  for (const auto& item : items)
    ++counts[item.truth][item.said];
  std::vector<double> without;
  std::vector<std::int32_t> alone;
  const double all = metric(counts);
  for (const auto& item : items) {
    --counts[item.truth][item.said];
    without.push_back(metric(counts));
    ++counts[item.truth][item.said];
    alone.push_back(static_cast<std::int32_t>(alone.size()));
  }
  auto values = influences(all, without, alone).of_items();
  for (auto& value : values)
    value += all;
  return values;
}

/// Two systems that are right equally often, on items from clips of varying difficulty.
struct Systems {
  std::vector<Said> base{}, candidate{};
  Grouping clips{.dimensions = {{}}};
};

Systems equally_good(int clips, int size, Random& random) {
  Systems systems;
  for (std::int32_t clip = 0; clip < clips; ++clip) {
    const double easy = random.uniform(-0.15, 0.15), apart = random.uniform(-0.15, 0.15);
    for (int i = 0; i < size; ++i) {
      const auto truth = static_cast<std::size_t>(random.below(classes));
      const double shared = random.uniform();
      const auto says = [&](double quality) {
        const double draw = random.uniform() < 0.5 ? shared : random.uniform();
        return draw < quality ? truth : static_cast<std::size_t>(random.below(classes));
      };
      systems.base.push_back({truth, says(0.6 + easy + apart)});
      systems.candidate.push_back({truth, says(0.6 + easy - apart)});
      systems.clips.dimensions[0].push_back(clip);
    }
  }
  return systems;
}

struct ScoreCase {
  std::string name;
  Metric metric;
  int clips, size;
};
class ScoreSimulation : public testing::TestWithParam<ScoreCase> {};

TEST_P(ScoreSimulation, a_true_null_is_rejected_in_2_to_7_percent) {
  const auto& [name, metric, clips, size] = GetParam();
  Random random(static_cast<std::uint64_t>(clips * size));
  int rejected = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const auto systems = equally_good(clips, size, random);
    auto differences = contributions(systems.candidate, metric);
    const auto base = contributions(systems.base, metric);
    for (std::size_t i = 0; i < base.size(); ++i)
      differences[i] -= base[i];
    rejected += mean_interval(differences, systems.clips).p_value < 0.05;
  }
  EXPECT_GE(100.0 * rejected / trials, 2);
  EXPECT_LE(100.0 * rejected / trials, 7);
}

INSTANTIATE_TEST_SUITE_P(
    scores, ScoreSimulation,
    testing::Values(ScoreCase{"balanced_accuracy_60", balanced_accuracy, 60, 1},
                    ScoreCase{"balanced_accuracy_20x5", balanced_accuracy, 20, 5},
                    ScoreCase{"balanced_accuracy_100x4", balanced_accuracy, 100, 4},
                    ScoreCase{"macro_f1_60", macro_f1, 60, 1},
                    ScoreCase{"macro_f1_20x5", macro_f1, 20, 5},
                    ScoreCase{"macro_f1_100x4", macro_f1, 100, 4}),
    [](const auto& test) { return test.param.name; });

struct SpeakerCase {
  std::string name;
  int speakers, items;
  double clip_effect;
};
class GivenSpeakersSimulation : public testing::TestWithParam<SpeakerCase> {};

/// The speakers are drawn once; their items vary from trial to trial. One speaker in four has half
/// as many items as the others.
TEST_P(GivenSpeakersSimulation,
       between_93_and_97_percent_of_95_percent_intervals_cover_the_truth_for_these_speakers) {
  const auto& [name, speakers, items, clip_effect] = GetParam();
  Random random(static_cast<std::uint64_t>(100 * speakers + items));
  Grouping grouping{.dimensions = {{}, {}}};  // clips of two items, speakers
  for (std::int32_t s = 0; s < speakers; ++s)
    for (std::int32_t i = 0; i < (s % 4 == 0 ? items / 2 : items); ++i) {
      grouping.dimensions[0].push_back(1000 * s + i / 2);
      grouping.dimensions[1].push_back(s);
    }
  const auto& clip_of = grouping.dimensions[0];
  const auto& speaker_of = grouping.dimensions[1];
  const auto n = static_cast<std::int64_t>(clip_of.size());
  const Clusters given(n, grouping, {.dimensions = {speaker_of}});
  std::vector<double> effects(static_cast<std::size_t>(speakers));
  for (auto& effect : effects)
    effect = random.normal();
  double truth = 0;
  for (const auto speaker : speaker_of)
    truth += effects[static_cast<std::size_t>(speaker)] / static_cast<double>(n);
  int held = 0;
  std::vector<double> values(clip_of.size());
  for (int trial = 0; trial < trials; ++trial) {
    double clip = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i == 0 || clip_of[i] != clip_of[i - 1]) clip = clip_effect * random.uniform(-1, 1);
      values[i] = effects[static_cast<std::size_t>(speaker_of[i])] + clip + random.uniform(-1, 1);
    }
    const auto interval = mean_interval(values, given);
    ASSERT_TRUE(interval.defined()) << interval.missing;
    held += interval.low <= truth && truth <= interval.high;
  }
  EXPECT_GE(100.0 * held / trials, 93);
  EXPECT_LE(100.0 * held / trials, 97);
}

INSTANTIATE_TEST_SUITE_P(speakers, GivenSpeakersSimulation,
                         testing::Values(SpeakerCase{"two_of_30", 2, 30, 0},
                                         SpeakerCase{"four_of_12", 4, 12, 0.5},
                                         SpeakerCase{"four_of_40", 4, 40, 1},
                                         SpeakerCase{"nine_of_8", 9, 8, 0.5},
                                         SpeakerCase{"nine_of_60", 9, 60, 1}),
                         [](const auto& test) { return test.param.name; });

struct InteractionCase {
  std::string name;
  int shared;  ///< number of a task's 60 items that both tasks have
  int seeds;
};
class InteractionSimulation : public testing::TestWithParam<InteractionCase> {};

/// Candidate and base differ by 0.2 in both tasks: the interaction is 0.
TEST_P(InteractionSimulation, that_does_not_exist_is_found_in_2_to_7_percent) {
  const auto& [name, shared, seeds] = GetParam();
  constexpr int items = 60;
  Grouping grouping{.dimensions = {{}}};
  for (int i = 0; i < items; ++i)
    grouping.dimensions[0].push_back(i);
  for (int i = 0; i < items; ++i)
    grouping.dimensions[0].push_back(i < shared ? i : items + i);
  const Clusters clusters(2 * items, grouping);
  Random random(static_cast<std::uint64_t>(shared + seeds));
  int found = 0;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<Part> parts(2);
    parts[0].weight = -1;
    for (auto& part : parts)
      part.differences.resize(static_cast<std::size_t>(seeds));
    std::vector<double> common(static_cast<std::size_t>(items));
    for (auto& value : common)
      value = random.uniform(-1, 1);
    for (auto& part : parts) {
      std::vector<double> own(static_cast<std::size_t>(items));
      for (std::size_t i = 0; i < own.size(); ++i)
        own[i] = 0.2 + (static_cast<int>(i) < shared ? common[i] : random.uniform(-1, 1)) +
                 random.uniform(-1, 1);
      for (auto& row : part.differences) {
        const double seed = seeds > 1 ? 0.1 * random.normal() : 0;
        for (const double value : own)
          row.push_back(value + seed + random.uniform(-0.5, 0.5));
      }
    }
    found += paired_mean(weighted_sum(parts), clusters).p_value < 0.05;
  }
  EXPECT_GE(100.0 * found / trials, 2);
  EXPECT_LE(100.0 * found / trials, 7);
}

INSTANTIATE_TEST_SUITE_P(tasks, InteractionSimulation,
                         testing::Values(InteractionCase{"same_items", 60, 1},
                                         InteractionCase{"same_items_3_seeds", 60, 3},
                                         InteractionCase{"half_the_items", 30, 1},
                                         InteractionCase{"other_items_3_seeds", 0, 3}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace earshot::statistics
