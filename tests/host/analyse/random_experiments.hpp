#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>

#include "host/analyse/compare.hpp"
#include "host/experiment/claims.hpp"
#include "host/store/inside.hpp"
#include "statistics/paired.hpp"
#include "statistics/random.hpp"
#include "temporary_folder.hpp"

// Random experiments as plain data, the results expected from the most direct reading of the rules,
// and a results file with the same numbers. Shares no code with host/analyse.

namespace earshot::host {

using PlainAxes = std::map<std::string, std::string>;

struct PlainCell {
  PlainAxes axes{};  ///< all except seed and fold
  std::int64_t seed = 0, fold = 0;
  bool finished = true;
  std::map<std::int64_t, double> marks{};  ///< by item
  double score = 0;
};

constexpr std::int64_t random_items = 24;  ///< two share a clip

class RandomExperiment {
 public:
  explicit RandomExperiment(std::uint64_t seed) : random_(seed) {
    const auto blocks = 1 + random_.below(3);
    for (std::int64_t block = 0; block < blocks; ++block)
      add_block();
    std::erase_if(cells_, [&](const PlainCell&) { return random_.uniform() < 0.08; });
    for (auto& cell : cells_)
      fill(cell);
  }

  const std::vector<PlainCell>& cells() const { return cells_; }

  std::vector<std::string> values(const std::string& axis) const {
    std::vector<std::string> values;
    for (const auto& cell : cells_)
      if (const auto own = cell.axes.find(axis);
          own != cell.axes.end() &&
          std::find(values.begin(), values.end(), own->second) == values.end())
        values.push_back(own->second);
    return values;
  }

 private:
  using Values = std::vector<std::string>;

  Values some(const Values& all) {
    Values chosen;
    for (const auto& value : all)
      if (random_.uniform() < 0.6) chosen.push_back(value);
    if (chosen.empty())
      chosen.push_back(
          all[static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(all.size())))]);
    return chosen;
  }

  void add_block() {
    std::vector<std::pair<std::string, Values>> axes{{"encoder", some({"a", "b", "c"})},
                                                     {"task", some({"t", "u"})}};
    for (const auto& [axis, all] : {std::pair<std::string, Values>{"encoder.levels", {"1", "2"}},
                                    {"mapper", {"m", "n"}},
                                    {"task.n", {"10", "20"}}})
      if (random_.uniform() < 0.3) axes.emplace_back(axis, some(all));
    const auto seeds = 1 + random_.below(3);
    const auto folds = random_.uniform() < 0.4 ? 2 : 0;
    std::vector<PlainAxes> products{{{"dataset", "d"}}};
    for (const auto& [axis, values] : axes) {
      std::vector<PlainAxes> longer;
      for (const auto& product : products)
        for (const auto& value : values) {
          longer.push_back(product);
          longer.back()[axis] = value;
        }
      products = std::move(longer);
    }
    for (const auto& product : products)
      for (std::int64_t seed = 0; seed < seeds; ++seed)
        for (std::int64_t fold = folds == 0 ? 0 : 1; fold <= folds; ++fold)
          if (known_.emplace(product, seed, fold).second)
            cells_.push_back({.axes = product, .seed = seed, .fold = fold});
  }

  void fill(PlainCell& cell) {
    cell.finished = random_.uniform() < 0.92;
    cell.score = random_.uniform();
    const bool binary = random_.uniform() < 0.5;
    for (std::int64_t item = 0; item < random_items; ++item) {
      if (cell.fold > 0 && item / 2 % 2 != cell.fold - 1) continue;
      if (random_.uniform() < 0.03) continue;
      const double mark = random_.uniform();
      cell.marks[item] = binary ? std::round(mark) : mark;
    }
  }

  statistics::Random random_;
  std::vector<PlainCell> cells_{};
  std::set<std::tuple<PlainAxes, std::int64_t, std::int64_t>> known_{};
};

/// The expected result of a comparison under one condition.
struct Expected {
  std::int64_t missing = 0, items = 0;
  std::vector<std::int64_t> seeds{};
  std::vector<double> base{}, candidate{};  ///< of each seed
  std::vector<double> score{};              ///< candidate - base of each seed
  std::vector<std::vector<double>> rows{};  ///< [seed][item]
  std::vector<std::int32_t> clips{};        ///< of each item

  double estimate() const {
    double sum = 0;
    for (std::size_t s = 0; s < seeds.size(); ++s)
      sum += (candidate[s] - base[s]) / static_cast<double>(seeds.size());
    return sum;
  }
};

/// Tries every pair of cells.
class BruteForce {
 public:
  BruteForce(const std::vector<PlainCell>& cells, std::string axis, const std::string& base,
             const std::string& candidate)
      : axis_(std::move(axis)) {
    for (const auto& cell : cells) {
      const auto own = cell.axes.find(axis_);
      if (own == cell.axes.end()) continue;
      if (own->second == base) base_.push_back(&cell);
      if (own->second == candidate) candidate_.push_back(&cell);
    }
  }

  std::map<PlainAxes, Expected> find() const {
    std::map<PlainAxes, Expected> all;
    for (const auto& p : profiles(base_))
      for (const auto& q : profiles(candidate_)) {
        if (!fit(p, q)) continue;
        auto axes = p;
        axes.insert(q.begin(), q.end());
        if (auto found = examine(p, q)) all.emplace(axes, *found);
      }
    return all;
  }

 private:
  using Side = std::vector<const PlainCell*>;
  struct Pair {
    std::int64_t seed, fold;
    const PlainCell *base, *candidate;
  };

  PlainAxes profile(const PlainCell& cell) const {
    auto axes = cell.axes;
    axes.erase(axis_);
    return axes;
  }
  std::set<PlainAxes> profiles(const Side& side) const {
    std::set<PlainAxes> all;
    for (const auto* cell : side)
      all.insert(profile(*cell));
    return all;
  }

  static bool agree(const PlainAxes& a, const PlainAxes& b) {
    return std::all_of(a.begin(), a.end(), [&](const auto& label) {
      const auto other = b.find(label.first);
      return other == b.end() || other->second == label.second;
    });
  }

  /// Whether `own` has no such axis, and no similar cell has one.
  bool lacks(const Side& side, const PlainAxes& own, const std::string& axis) const {
    for (const auto& other : profiles(side))
      if (other.count(axis) > 0 && agree(own, other)) return false;
    return true;
  }

  bool fit(const PlainAxes& p, const PlainAxes& q) const {
    if (!agree(p, q)) return false;
    for (const auto& [axis, value] : p)
      if (q.count(axis) == 0 && !lacks(candidate_, q, axis)) return false;
    for (const auto& [axis, value] : q)
      if (p.count(axis) == 0 && !lacks(base_, p, axis)) return false;
    return true;
  }

  std::vector<Pair> planned(const PlainAxes& p, const PlainAxes& q) const {
    std::set<std::int64_t> p_seeds, q_seeds;
    for (const auto* cell : base_)
      if (profile(*cell) == p) p_seeds.insert(cell->seed);
    for (const auto* cell : candidate_)
      if (profile(*cell) == q) q_seeds.insert(cell->seed);
    const bool p_once = p_seeds != q_seeds && p_seeds.size() == 1;
    const bool q_once = p_seeds != q_seeds && q_seeds.size() == 1 && !p_once;
    std::vector<Pair> pairs;
    for (const auto* base : base_)
      for (const auto* candidate : candidate_) {
        if (profile(*base) != p || profile(*candidate) != q) continue;
        if (base->fold != candidate->fold) continue;
        if (!p_once && !q_once && base->seed != candidate->seed) continue;
        pairs.push_back({p_once ? candidate->seed : base->seed, base->fold, base, candidate});
      }
    return pairs;
  }

  std::optional<Expected> examine(const PlainAxes& p, const PlainAxes& q) const {
    const auto pairs = planned(p, q);
    if (pairs.empty()) return std::nullopt;
    Expected found;
    std::map<std::int64_t, std::map<std::int64_t, Pair>> by_seed;
    for (const auto& pair : pairs) {
      if (pair.base->finished && pair.candidate->finished) {
        EXPECT_TRUE(by_seed[pair.seed].emplace(pair.fold, pair).second);
      } else {
        ++found.missing;
      }
    }
    if (by_seed.empty()) return found;
    std::set<std::int64_t> fold_names;
    for (const auto& [seed, own] : by_seed)
      if (own.size() > fold_names.size()) {
        fold_names.clear();
        for (const auto& [fold, pair] : own)
          fold_names.insert(fold);
      }
    const auto folds = fold_names.size();
    std::erase_if(by_seed, [&](const auto& own) {
      return own.second.size() < folds ||
             std::any_of(fold_names.begin(), fold_names.end(),
                         [&](std::int64_t fold) { return own.second.count(fold) == 0; });
    });
    found.rows.resize(by_seed.size());
    for (const auto fold : fold_names)
      for (std::int64_t item = 0; item < random_items; ++item) {
        const bool everywhere = std::all_of(by_seed.begin(), by_seed.end(), [&](const auto& own) {
          const auto& pair = own.second.at(fold);
          return pair.base->marks.count(item) > 0 && pair.candidate->marks.count(item) > 0;
        });
        if (!everywhere) continue;
        ++found.items;
        found.clips.push_back(static_cast<std::int32_t>(item / 2));
      }
    std::size_t place = 0;
    for (const auto& [seed, own] : by_seed) {
      found.seeds.push_back(seed);
      double base = 0, candidate = 0, score = 0;
      for (const auto fold : fold_names) {
        const auto& pair = own.at(fold);
        score += (pair.candidate->score - pair.base->score) / static_cast<double>(folds);
        for (std::int64_t item = 0; item < random_items; ++item) {
          const bool everywhere = std::all_of(by_seed.begin(), by_seed.end(), [&](const auto& o) {
            const auto& other = o.second.at(fold);
            return other.base->marks.count(item) > 0 && other.candidate->marks.count(item) > 0;
          });
          if (!everywhere) continue;
          base += pair.base->marks.at(item) / static_cast<double>(found.items);
          candidate += pair.candidate->marks.at(item) / static_cast<double>(found.items);
          found.rows[place].push_back(pair.candidate->marks.at(item) - pair.base->marks.at(item));
        }
      }
      found.base.push_back(base);
      found.candidate.push_back(candidate);
      found.score.push_back(score);
      ++place;
    }
    return found;
  }

  std::string axis_;
  Side base_{}, candidate_{};
};

/// A results file that holds one random experiment at a time.
class RandomResults {
 public:
  RandomResults() : store_(folder_ / "results.db", Store::Mode::write) {
    const auto run = [&](const std::string& sql) { Statement(connection_of(store_), sql).run(); };
    const std::string hash(64, 'f');
    run("INSERT INTO provenance(provenance_id, key, facts, device) VALUES (1, '" + hash +
        "', '{}', 'cpu')");
    run("INSERT INTO owner(owner_id, host, pid, started_ms) VALUES (1, 'h', 1, 1)");
    run("INSERT INTO dataset(dataset_id, key, component, items, train, validation, test, "
        "synthesized, info, rows_left_out, files_left_out, left_out) "
        "VALUES (1, 'd', 'd', 24, 0, 0, 24, 1, '{}', 0, 0, '[]')");
    run("INSERT INTO metric_definition(metric_id, name, version, unit, higher_is_better, kind, "
        "help) VALUES (1, 'accuracy', 1, '', 1, 'mean', ''), (2, 'f1', 1, '', 1, 'score', '')");
    run("INSERT INTO slice(slice_id, dimension, name) VALUES (1, 'all', 'all')");
    for (std::int64_t item = 0; item < random_items; ++item)
      run("INSERT INTO item(dataset_id, position, id, groups, slices, labels) VALUES (1, " +
          std::to_string(item) + ", 'i" + std::to_string(item) + "', '{\"clip\": \"" +
          std::to_string(item / 2) + "\"}', '{}', '{}')");
    std::int64_t axis = 0, value = 0;
    for (const auto& [name, values] :
         std::map<std::string, std::vector<std::string>>{{"encoder", {"a", "b", "c"}},
                                                         {"task", {"t", "u"}},
                                                         {"dataset", {"d"}},
                                                         {"mapper", {"m", "n"}},
                                                         {"encoder.levels", {"1", "2"}},
                                                         {"task.n", {"10", "20"}}}) {
      axes_[name] = ++axis;
      run("INSERT INTO axis(axis_id, name) VALUES (" + std::to_string(axis) + ", '" + name + "')");
      for (const auto& text : values) {
        values_[{name, text}] = ++value;
        run("INSERT INTO axis_value(value_id, axis_id, value) VALUES (" + std::to_string(value) +
            ", " + std::to_string(axis) + ", '" + text + "')");
      }
    }
  }

  /// Calls `act` with the store while it holds these cells.
  template <class Act>
  void with(const std::vector<PlainCell>& cells, Act act, const Claims& claims = {}) {
    Statement(connection_of(store_), "BEGIN").run();
    write(cells, Json{{"claims", to_record(claims)}}.dump());
    act(static_cast<const Store&>(store_));
    Statement(connection_of(store_), "ROLLBACK").run();
  }

 private:
  void write(const std::vector<PlainCell>& cells, const std::string& resolved) {
    const auto& connection = connection_of(store_);
    const std::string hash(64, 'e');
    Statement(connection,
              "INSERT INTO experiment(experiment_id, name, revision, latest, question, file, "
              "source, resolved, overrides, created_ms) VALUES (1, 'random', '" +
                  hash + "', 1, '', '', '', ?, '[]', 1)")
        .run(resolved);
    Statement add_cell(connection,
                       "INSERT INTO cell(cell_id, key, dataset_id, primary_metric, split, "
                       "identity, target) VALUES (?, ?, 1, 'accuracy', 'test', '{}', '')");
    Statement add_member(connection,
                         "INSERT INTO experiment_cell(experiment_id, position, cell_id, encoder, "
                         "dataset, task, mapper, language_model, weights, seed, fold, variant, "
                         "labels) VALUES (1, ?, ?, ?, 'd', ?, '', '', '', ?, ?, '', 0)");
    Statement add_axis(connection,
                       "INSERT INTO cell_axis(experiment_id, axis_id, value_id, peer, position, "
                       "cell_id) VALUES (1, ?, ?, 0, ?, ?)");
    Statement add_run(connection,
                      "INSERT INTO run(run_id, cell_id, attempt, state, provenance_id, owner_id, "
                      "started_ms, ended_ms) VALUES (?, ?, 1, 'ok', 1, 1, 1, 1)");
    Statement add_mark(connection, "INSERT INTO prediction(run_id, item, mark) VALUES (?, ?, ?)");
    Statement add_metric(connection,
                         "INSERT INTO metric(run_id, metric_id, slice_id, value, n) VALUES "
                         "(?, ?, 1, ?, 1)");
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto& cell = cells[i];
      const auto id = static_cast<std::int64_t>(i) + 1;
      auto key = std::to_string(id);
      key.insert(0, 64 - key.size(), '0');
      add_cell.run(id, key);
      add_member.run(id, id, cell.axes.at("encoder"), cell.axes.at("task"), cell.seed, cell.fold);
      for (const auto& [axis, value] : cell.axes)
        add_axis.run(axes_.at(axis), values_.at({axis, value}), id, id);
      if (!cell.finished) continue;
      add_run.run(id, id);
      for (const auto& [item, mark] : cell.marks)
        add_mark.run(id, item, mark);
      add_metric.run(id, std::int64_t{1}, 0.5);
      add_metric.run(id, std::int64_t{2}, cell.score);
    }
  }

  earshot::testing::TemporaryFolder folder_{};
  Store store_;
  std::map<std::string, std::int64_t> axes_{};
  std::map<std::pair<std::string, std::string>, std::int64_t> values_{};
};

inline void expect_line(const ComparedLine& line, const Expected& expected) {
  const auto& difference = line.difference;
  EXPECT_EQ(difference.missing, expected.missing);
  EXPECT_EQ(difference.seeds, static_cast<std::int64_t>(expected.seeds.size()));
  if (expected.seeds.empty() || expected.items == 0) {
    EXPECT_TRUE(std::isnan(difference.interval.estimate));
    return;
  }
  EXPECT_EQ(difference.items, expected.items);
  EXPECT_NEAR(difference.interval.estimate, expected.estimate(), 1e-12);
  const statistics::Clusters clusters(expected.items, {.dimensions = {expected.clips}});
  const auto interval = statistics::paired_mean(expected.rows, clusters);
  ASSERT_EQ(difference.interval.defined(), interval.defined()) << difference.interval.missing;
  if (!interval.defined()) return;
  EXPECT_NEAR(difference.interval.low, interval.low, 1e-12);
  EXPECT_NEAR(difference.interval.high, interval.high, 1e-12);
  EXPECT_NEAR(difference.interval.p_value, interval.p_value, 1e-12);
}

/// Mean of the conditions' estimates over the seeds that all of them have; NaN if there are none.
inline double mean_of(const std::vector<const Expected*>& conditions) {
  auto seeds = conditions.front()->seeds;
  for (const auto* own : conditions)
    std::erase_if(seeds, [&](std::int64_t seed) {
      return std::find(own->seeds.begin(), own->seeds.end(), seed) == own->seeds.end();
    });
  if (seeds.empty()) return std::nan("");
  double sum = 0;
  for (const auto* own : conditions) {
    if (own->items == 0) return std::nan("");
    for (std::size_t s = 0; s < own->seeds.size(); ++s)
      if (std::find(seeds.begin(), seeds.end(), own->seeds[s]) != seeds.end())
        sum += (own->candidate[s] - own->base[s]) /
               static_cast<double>(seeds.size() * conditions.size());
  }
  return sum;
}

/// Checks everything that `compare` reports about a random experiment against the reference.
inline void check_random_experiment(RandomResults& results, std::uint64_t seed) {
  const RandomExperiment experiment(seed);
  statistics::Random random(seed + 1'000'003);
  static const std::vector<std::string> axes{"encoder", "task", "encoder.levels", "task.n"};
  const auto axis = axes[static_cast<std::size_t>(random.below(4))];
  const auto values = experiment.values(axis);
  if (values.size() < 2) return;
  const auto base =
      values[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(values.size())))];
  auto over = axes[static_cast<std::size_t>(random.below(4))];
  if (over == axis || experiment.values(over).empty()) over.clear();
  results.with(experiment.cells(), [&](const Store& store) {
    CompareOptions options{.experiment = "random", .axis = axis, .base = base};
    const auto lines = compare(store, options).lines;
    options.metric = "f1";
    const auto scores = compare(store, options).lines;
    options.metric = "";
    if (!over.empty()) options.over = {over};
    const auto means = compare(store, options).lines;
    std::size_t conditions = 0, groups = 0;
    for (const auto& candidate : values) {
      if (candidate == base) continue;
      const auto expected = BruteForce(experiment.cells(), axis, base, candidate).find();
      conditions += expected.size();
      std::map<PlainAxes, std::vector<const Expected*>> averaged;
      for (const auto& [labels, own] : expected) {
        auto rest = labels;
        rest.erase(over);
        averaged[rest].push_back(&own);
      }
      groups += averaged.size();
      for (const auto& line : lines)
        if (line.candidate == candidate) {
          const auto own = expected.find(line.condition);
          ASSERT_NE(own, expected.end()) << "seed " << seed << ", " << line.title;
          expect_line(line, own->second);
        }
      for (const auto& line : scores)
        if (line.candidate == candidate) {
          const auto& own = expected.at(line.condition);
          double mean = 0;
          for (const double score : own.score)
            mean += score / static_cast<double>(own.score.size());
          if (own.seeds.empty()) continue;
          EXPECT_NEAR(line.difference.interval.estimate, mean, 1e-12);
        }
      for (const auto& line : means)
        if (line.candidate == candidate) {
          const auto mean = mean_of(averaged.at(line.condition));
          if (std::isnan(mean)) {
            EXPECT_TRUE(std::isnan(line.difference.interval.estimate));
          } else {
            EXPECT_NEAR(line.difference.interval.estimate, mean, 1e-12);
          }
        }
    }
    EXPECT_EQ(lines.size(), conditions) << "seed " << seed;
    EXPECT_EQ(means.size(), groups) << "seed " << seed;
  });
}

}  // namespace earshot::host
