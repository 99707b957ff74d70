#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "host/report/places.hpp"
#include "host/store/metric_values.hpp"
#include "host/store/stage_costs.hpp"
#include "host/store/status_tables.hpp"
#include "host/store/training_curves.hpp"
#include "host/store/training_samples.hpp"

namespace earshot::host {
namespace {

/// Running means of numbers, some of which may be unknown.
class Mean {
 public:
  void add(std::optional<double> value) {
    if (!value) return;
    sum_ += *value;
    lowest_ = count_ == 0 ? *value : std::min(lowest_, *value);
    highest_ = count_ == 0 ? *value : std::max(highest_, *value);
    ++count_;
  }
  OrNull<double> mean() const {
    return count_ == 0 ? OrNull<double>() : finite(sum_ / static_cast<double>(count_));
  }
  OrNull<double> lowest() const { return count_ == 0 ? OrNull<double>() : finite(lowest_); }
  OrNull<double> highest() const { return count_ == 0 ? OrNull<double>() : finite(highest_); }
  std::int64_t count() const { return count_; }

 private:
  double sum_ = 0, lowest_ = 0, highest_ = 0;
  std::int64_t count_ = 0;
};

/// What the runs of one row and column say about a slice.
struct Gathered {
  Mean value{};
  std::int64_t n = 0;
  std::set<std::int64_t> seeds{}, folds{};
  OrNull<double> low{}, high{};

  void add(const SliceScore& score, const DesignCell& cell) {
    value.add(score.value);
    n += score.n;
    seeds.insert(cell.seed);
    folds.insert(cell.fold);
    low = score.low ? OrNull<double>(*score.low) : OrNull<double>();
    high = score.high ? OrNull<double>(*score.high) : OrNull<double>();
  }
  /// Items for one seed: folds add up, seeds share the same items.
  std::int64_t items() const {
    return seeds.empty() ? 0 : n / static_cast<std::int64_t>(seeds.size());
  }
};

void add_scores(ReportedExperiment& report, const Subject& subject, const Grid& grid) {
  std::map<Place, Gathered> whole;
  std::map<std::tuple<Place, std::string, std::string>, Gathered> parts;
  std::map<std::pair<std::size_t, std::string>, Mean> levels;  // chance and majority by column
  for (const auto& score : slice_scores(subject.store, subject.revision)) {
    const auto* place = grid.place(score.position);
    if (place == nullptr) continue;
    const auto& cell = grid.cell(score.position);
    if (!score.primary) {
      levels[{place->second, score.metric}].add(score.value);
    } else if (score.dimension != "all") {
      parts[{*place, score.dimension, score.slice}].add(score, cell);
    } else {
      auto& column = report.columns[place->second];
      column.metric = score.metric;
      column.unit = score.unit;
      column.higher_is_better = score.higher_is_better;
      whole[*place].add(score, cell);
    }
  }
  for (std::size_t i = 0; i < report.columns.size(); ++i) {
    report.columns[i].chance = levels[{i, "chance"}].mean();
    report.columns[i].majority = levels[{i, "majority"}].mean();
  }
  for (const auto& [place, all] : whole) {
    auto& score = report.scores.emplace_back();
    score.row = place.first;
    score.column = place.second;
    score.value = all.value.mean();
    score.lowest = all.value.lowest();
    score.highest = all.value.highest();
    if (all.value.count() == 1) {
      score.low = all.low;
      score.high = all.high;
    }
    score.n = all.items();
    score.seeds = static_cast<std::int64_t>(all.seeds.size());
    score.folds = static_cast<std::int64_t>(all.folds.size());
  }
  for (const auto& [key, part] : parts) {
    const auto& [place, dimension, slice] = key;
    report.slices.push_back({.row = place.first,
                             .column = place.second,
                             .dimension = dimension,
                             .slice = slice,
                             .value = part.value.mean(),
                             .lowest = part.value.lowest(),
                             .highest = part.value.highest(),
                             .n = part.items(),
                             .seeds = static_cast<std::int64_t>(part.seeds.size())});
  }
}

void append_once(std::string& all, const std::string& text) {
  if (text.empty() || ("; " + all + "; ").find("; " + text + "; ") != std::string::npos) return;
  all += (all.empty() ? "" : "; ") + text;
}

/// Numbers of finished cells, and why the others are not. A run whose runner is gone counts as
/// lost, although its row says running until the next `runner run`.
void add_states(ReportedExperiment& report, const Subject& subject, const Grid& grid) {
  const auto lost = subject.store.lost_runs();
  std::map<Place, std::size_t> places;
  for (std::size_t i = 0; i < report.scores.size(); ++i)
    places.emplace(Place{report.scores[i].row, report.scores[i].column}, i);
  for (auto cell : cell_states(subject.store, subject.name)) {
    if (cell.state == "running" && lost.contains(cell.run)) cell.state = "lost";
    auto& states = report.states;
    ++states.cells;
    ++(cell.state == "ok"        ? states.ok
       : cell.state == "running" ? states.running
       : cell.state == "pending" ? states.pending
       : cell.state == "skipped" ? states.skipped
                                 : states.failed);
    if (cell.started_ms > 0 && (report.first_ms == 0 || cell.started_ms < report.first_ms))
      report.first_ms = cell.started_ms;
    report.last_ms = std::max(report.last_ms, cell.ended_ms);
    const auto* place = grid.place(cell.position);
    if (place == nullptr) continue;
    const auto [found, fresh] = places.emplace(*place, report.scores.size());
    if (fresh) report.scores.push_back({.row = place->first, .column = place->second});
    auto& score = report.scores[found->second];
    ++score.planned;
    if (cell.state == "ok") {
      ++score.finished;
    } else {
      append_once(score.state, cell.state);
      append_once(score.reason, cell.error);
    }
  }
}

void add_costs(ReportedExperiment& report, const Subject& subject, const Grid& grid) {
  const auto costs = cell_costs(subject.store, subject.name);
  struct Means {
    double seconds = 0;
    Mean parameters{}, milliseconds{}, frames{}, bits{}, rank{}, peak{};
  };
  std::map<Place, Means> places;
  for (const auto& cell : subject.design.cells) {
    const auto* place = grid.place(cell.position);
    const auto found = costs.find(cell.key.substr(0, cost_key_length));
    if (place == nullptr || found == costs.end()) continue;
    const auto& cost = found->second;
    auto& means = places[*place];
    means.seconds += cost.seconds;
    const auto number = [](const auto& value) {
      return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
    };
    means.parameters.add(number(cost.parameters));
    if (cost.real_time_factor) means.milliseconds.add(1000 * *cost.real_time_factor);
    means.frames.add(cost.frames_per_second);
    means.bits.add(cost.bits_per_second);
    means.rank.add(cost.effective_rank);
    means.peak.add(number(cost.peak_bytes));
  }
  for (const auto& [place, means] : places)
    report.costs.push_back({.row = place.first,
                            .column = place.second,
                            .seconds = means.seconds,
                            .parameters = means.parameters.mean(),
                            .milliseconds_per_second = means.milliseconds.mean(),
                            .frames_per_second = means.frames.mean(),
                            .bits_per_second = means.bits.mean(),
                            .effective_rank = means.rank.mean(),
                            .peak_bytes = means.peak.highest()});
}

/// The labels of a training.
struct TrainingPlace {
  std::string row{}, column{};
  std::int64_t seed = 0, fold = 0;
};

/// @param position  of a cell, or -1 for the pretraining of `trained`
/// @returns nullopt if the cell is not shown
std::optional<TrainingPlace> training_place(const ReportedExperiment& report, const Grid& grid,
                                            std::int64_t position, const std::string& trained) {
  if (position < 0) return TrainingPlace{.row = trained, .column = "pretraining"};
  const auto* place = grid.place(position);
  if (place == nullptr) return std::nullopt;
  const auto& cell = grid.cell(position);
  return TrainingPlace{.row = report.rows[place->first].label,
                       .column = report.columns[place->second].label,
                       .seed = cell.seed,
                       .fold = cell.fold};
}

void add_curves(ReportedExperiment& report, const Subject& subject, const Grid& grid) {
  for (const auto& curve : training_curves(subject.store, subject.revision)) {
    if (curve.name == samples_curve) continue;  // it only says when samples were made
    const auto place = training_place(report, grid, curve.position, curve.trained);
    if (!place) continue;
    ReportedCurve own{.row = place->row,
                      .column = place->column,
                      .seed = place->seed,
                      .fold = place->fold,
                      .state = curve.state,
                      .name = curve.name,
                      .recorded = static_cast<std::int64_t>(curve.points.size())};
    for (const auto& [step, value] : curve.points)
      own.points.emplace_back(step, finite(value));
    report.curves.push_back(std::move(own));
  }
}

void add_samples(ReportedExperiment& report, const Subject& subject, const Grid& grid) {
  for (const auto& sample : training_samples(subject.store, subject.revision)) {
    const auto place = training_place(report, grid, sample.position, sample.trained);
    if (!place) continue;
    ReportedSample own{.row = place->row,
                       .column = place->column,
                       .seed = place->seed,
                       .fold = place->fold,
                       .training = sample.training,
                       .state = sample.state,
                       .name = sample.name,
                       .before = sample.before.sha256,
                       .after = sample.after.sha256,
                       .picture = sample.picture.sha256};
    if (sample.step) own.step.emplace(*sample.step);
    report.samples.push_back(std::move(own));
  }
}

}  // namespace

void add_grid(ReportedExperiment& report, const Subject& subject) {
  const Grid grid(subject.design);
  grid.describe(report);
  add_scores(report, subject, grid);
  add_states(report, subject, grid);
  add_standings(report, subject, grid.rows(), grid.columns());
  add_costs(report, subject, grid);
  add_curves(report, subject, grid);
  add_samples(report, subject, grid);
}

}  // namespace earshot::host
