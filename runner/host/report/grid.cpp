#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "host/analyse/conditions.hpp"
#include "host/report/parts.hpp"
#include "host/store/metric_values.hpp"
#include "host/store/stage_costs.hpp"
#include "host/store/status_tables.hpp"
#include "host/store/training_curves.hpp"

namespace earshot::host {
namespace {

bool is_axis_of_encoder(const std::string& axis) {
  return axis == "encoder" || axis.starts_with("encoder.");
}

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

using Place = std::pair<std::size_t, std::size_t>;  ///< row and column

/// Rows and columns in the order of the cells, and the place of each cell.
class Grid {
 public:
  explicit Grid(const Subject& subject) : subject_(subject) {
    for (const auto& cell : subject.design.cells) {
      Labels row, column;
      for (const auto& [axis, value] : cell.axes)
        (is_axis_of_encoder(axis) ? row : column).emplace(axis, value);
      const auto task = cell.axes.find("task");
      // A task with a dataset of its own names both.
      if (task != cell.axes.end() &&
          subject.design.claims.tasks_with_dataset.count(task->second) > 0)
        column.erase("dataset");
      const Place place{index_of(row_indices_, rows_, row),
                        index_of(column_indices_, columns_, column)};
      places_.emplace(cell.position, place);
      cells_.emplace(cell.position, &cell);
    }
  }

  const std::vector<Labels>& rows() const { return rows_; }
  /// The column of each cell of the design, in its order.
  std::vector<std::size_t> columns() const {
    std::vector<std::size_t> columns;
    for (const auto& cell : subject_.design.cells)
      columns.push_back(places_.at(cell.position).second);
    return columns;
  }
  /// Null if the cell is not shown: it has validation results, or equals an earlier one.
  const Place* place(std::int64_t position) const {
    const auto found = places_.find(position);
    return found == places_.end() ? nullptr : &found->second;
  }
  const DesignCell& cell(std::int64_t position) const { return *cells_.at(position); }

  void describe(ReportedExperiment& report) const {
    const auto row_axes = telling_axes(rows_), column_axes = telling_axes(columns_);
    for (const auto& labels : rows_) {
      const auto own = labels.find("encoder");
      auto& row = report.rows.emplace_back();
      row.label = title_of(labels, row_axes);
      row.axes = labels;
      if (own != labels.end()) row.encoder = own->second;
      if (row.label.empty()) row.label = own == labels.end() ? "no encoder" : own->second;
    }
    for (const auto& labels : columns_) {
      const auto own = labels.find("task");
      auto& column = report.columns.emplace_back();
      if (own != labels.end()) column.task = own->second;
      column.label = title_of(labels, column_axes);
      column.axes = labels;
      if (column.label.empty()) column.label = column.task;
    }
    for (const auto& [position, place] : places_)
      report.rows[place.first].control = control_reason(subject_.design, cell(position));
  }

 private:
  /// The index of these labels, which are appended if they are new.
  static std::size_t index_of(std::map<Labels, std::size_t>& indices, std::vector<Labels>& known,
                              const Labels& labels) {
    const auto [place, fresh] = indices.try_emplace(labels, known.size());
    if (fresh) known.push_back(labels);
    return place->second;
  }

  const Subject& subject_;
  std::vector<Labels> rows_{}, columns_{};
  std::map<Labels, std::size_t> row_indices_{}, column_indices_{};
  std::map<std::int64_t, Place> places_{};
  std::map<std::int64_t, const DesignCell*> cells_{};
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

void add_curves(ReportedExperiment& report, const Subject& subject, const Grid& grid) {
  for (const auto& curve : training_curves(subject.store, subject.revision)) {
    ReportedCurve own{.state = curve.state,
                      .name = curve.name,
                      .recorded = static_cast<std::int64_t>(curve.points.size())};
    if (curve.position < 0) {
      own.row = curve.trained;
      own.column = "pretraining";
    } else {
      const auto* place = grid.place(curve.position);
      if (place == nullptr) continue;
      own.row = report.rows[place->first].label;
      own.column = report.columns[place->second].label;
      own.seed = grid.cell(curve.position).seed;
      own.fold = grid.cell(curve.position).fold;
    }
    for (const auto& [step, value] : curve.points)
      own.points.emplace_back(step, finite(value));
    report.curves.push_back(std::move(own));
  }
}

}  // namespace

void add_grid(ReportedExperiment& report, const Subject& subject) {
  const Grid grid(subject);
  grid.describe(report);
  add_scores(report, subject, grid);
  add_states(report, subject, grid);
  add_standings(report, subject, grid.rows(), grid.columns());
  add_costs(report, subject, grid);
  add_curves(report, subject, grid);
}

}  // namespace earshot::host
