#include "worker/stage/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "protocol/hash.hpp"
#include "protocol/nearest.hpp"
#include "statistics/interval.hpp"
#include "statistics/resample.hpp"
#include "worker/stage/records.hpp"

namespace earshot::worker {

namespace {

using Indices = std::vector<std::int32_t>;

struct Slice {
  std::string dimension{}, name{};
  Indices items{};  ///< ascending
};

void check_declared(const std::set<std::string>& declared, const Numbers& numbers,
                    const std::string& giver) {
  for (const auto& [name, value] : numbers)
    if (!declared.contains(name))
      throw ContractError(giver + " gives '" + name + "', which is not in metrics(): " +
                          protocol::join({declared.begin(), declared.end()}));
}

std::set<std::string> declared_by(const Evaluator& evaluator) {
  const auto names = metric_names(evaluator);
  return {names.begin(), names.end()};
}

/// Takes "<metric>.n" out of the numbers of a slice: how many of its items entered each metric; all
/// of them where nothing is said.
std::map<std::string, std::int64_t> take_counts(Numbers& numbers, std::int64_t items) {
  constexpr std::string_view suffix = ".n";
  std::map<std::string, std::int64_t> counts;
  for (auto number = numbers.begin(); number != numbers.end();) {
    const auto& [name, value] = *number;
    if (!name.ends_with(suffix)) {
      counts.try_emplace(name, items);
      ++number;
      continue;
    }
    if (!(value >= 0 && value <= static_cast<double>(items)) || value != std::floor(value))
      throw ContractError("score() gives '" + name + "' as " + std::to_string(value) +
                          "; expected how many of the " + std::to_string(items) +
                          " items entered the metric");
    counts[name.substr(0, name.size() - suffix.size())] = static_cast<std::int64_t>(value);
    number = numbers.erase(number);
  }
  return counts;
}

std::vector<Slice> slices_of(const std::vector<Item>& items) {
  std::map<std::pair<std::string, std::string>, Indices> members;
  std::vector<Slice> slices{{"all", "all", {}}};
  for (std::size_t i = 0; i < items.size(); ++i) {
    slices[0].items.push_back(static_cast<std::int32_t>(i));
    for (const auto& slice : items[i].slices)
      members[slice].push_back(static_cast<std::int32_t>(i));
  }
  for (auto& [slice, indices] : members)
    slices.push_back({slice.first, slice.second, std::move(indices)});
  return slices;
}

statistics::Grouping grouping_of(const std::vector<Item>& items, const Indices& chosen) {
  std::vector<const std::map<std::string, std::string>*> groups;
  for (const auto i : chosen)
    groups.push_back(&items[static_cast<std::size_t>(i)].groups);
  return statistics::grouping_of(groups);
}

statistics::Clusters clusters_of(const std::vector<Item>& items, const Indices& chosen) {
  return {static_cast<std::int64_t>(chosen.size()), grouping_of(items, chosen)};
}

protocol::MetricRow row_of(const Slice& slice, const std::string& metric, const std::string& kind,
                           double value, std::int64_t n, const statistics::Interval& interval) {
  protocol::MetricRow row{.slice_dimension = slice.dimension,
                          .slice = slice.name,
                          .metric = metric,
                          .kind = kind,
                          .n = n};
  row.value = finite_or_null(value, &row.nonfinite);
  row.no_interval = interval.missing;
  if (interval.defined()) {
    row.ci_low = finite_or_null(interval.low);
    row.ci_high = finite_or_null(interval.high);
  }
  return row;
}

void add_means(const Outcomes& outcomes, const Slice& slice,
               std::vector<MetricWithReplicates>& rows) {
  std::map<std::string, std::pair<std::vector<double>, Indices>> columns;
  for (const auto i : slice.items)
    for (const auto& [name, value] : outcomes.marks[static_cast<std::size_t>(i)]) {
      columns[name].first.push_back(value);
      columns[name].second.push_back(i);
    }
  for (const auto& [name, column] : columns) {
    const auto interval =
        statistics::mean_interval(column.first, clusters_of(outcomes.items, column.second));
    rows.push_back(
        {row_of(slice, name, "mean", interval.estimate, std::ssize(column.first), interval), {}});
  }
}

/// Draws for score(), made when the first slice has a score.
class Scores {
 public:
  Scores(const Evaluator& evaluator, const Outcomes& outcomes, const std::string& dataset_key,
         std::int64_t replicates)
      : evaluator_(evaluator),
        declared_(declared_by(evaluator)),
        outcomes_(outcomes),
        seed_(protocol::hash64(dataset_key)),
        replicates_(std::min(replicates, std::max<std::int64_t>(100, most_drawn / size()))) {}

  void add(const Slice& slice, std::vector<MetricWithReplicates>& rows) {
    auto values = score(slice.items);
    const auto counts = take_counts(values, std::ssize(slice.items));
    if (values.empty()) return;
    check_declared(declared_, values, "score()");
    const auto clusters = clusters_of(outcomes_.items, slice.items);
    const bool enough = clusters.fewest() >= statistics::fewest_groups && replicates_ > 0;
    auto replicates =
        enough ? resampled(slice, values) : std::map<std::string, std::vector<double>>{};
    for (const auto& [name, value] : values) {
      auto& drawn = replicates[name];
      const auto interval =
          !enough ? statistics::no_interval(value, statistics::too_few_groups(clusters))
          : std::isfinite(value) ? statistics::replicate_interval(value, drawn, *all_, clusters)
                                 : statistics::no_interval(value, "the value is not finite");
      rows.push_back(
          {row_of(slice, name, "score", value, counts.at(name), interval), std::move(drawn)});
    }
  }

 private:
  static constexpr std::int64_t most_drawn = 20'000'000;

  std::int64_t size() const { return static_cast<std::int64_t>(outcomes_.items.size()); }

  Numbers score(const Indices& chosen) {
    drawn_.clear();
    for (const auto i : chosen)
      drawn_.push_back({outcomes_.items[static_cast<std::size_t>(i)],
                        outcomes_.predictions[static_cast<std::size_t>(i)]});
    return evaluator_.score(drawn_);
  }

  void draw() {
    Indices everything(outcomes_.items.size());
    for (std::size_t i = 0; i < everything.size(); ++i)
      everything[i] = static_cast<std::int32_t>(i);
    const auto grouping = grouping_of(outcomes_.items, everything);
    all_ = std::make_unique<statistics::Clusters>(size(), grouping);
    draws_ = statistics::cluster_resamples(size(), grouping, replicates_, seed_);
  }

  std::map<std::string, std::vector<double>> resampled(const Slice& slice, const Numbers& values) {
    if (!all_) draw();
    std::vector<bool> inside(outcomes_.items.size());
    for (const auto i : slice.items)
      inside[static_cast<std::size_t>(i)] = true;
    std::map<std::string, std::vector<double>> result;
    for (const auto& [name, value] : values)
      result[name].assign(draws_.size(), std::numeric_limits<double>::quiet_NaN());
    Indices chosen;
    for (std::size_t r = 0; r < draws_.size(); ++r) {
      chosen.clear();
      for (const auto i : draws_[r])
        if (inside[static_cast<std::size_t>(i)]) chosen.push_back(i);
      if (chosen.empty()) continue;
      for (const auto& [name, value] : score(chosen))
        if (const auto found = result.find(name); found != result.end()) found->second[r] = value;
    }
    return result;
  }

  const Evaluator& evaluator_;
  std::set<std::string> declared_;
  const Outcomes& outcomes_;
  std::uint64_t seed_;
  std::int64_t replicates_;
  std::vector<Outcome> drawn_;  // kept, so that its memory is
  std::vector<Indices> draws_;
  std::unique_ptr<statistics::Clusters> all_;
};

}  // namespace

std::vector<std::string> metric_names(const Evaluator& evaluator) {
  std::vector<std::string> names;
  for (const auto& metric : evaluator.metrics())
    names.push_back(metric.name);
  return names;
}

std::vector<Numbers> mark_all(const Evaluator& evaluator, const std::vector<Item>& items,
                              const std::vector<Prediction>& predictions) {
  std::vector<Numbers> marks;
  const auto declared = declared_by(evaluator);
  for (std::size_t i = 0; i < items.size(); ++i) {
    marks.push_back(evaluator.mark(items[i], predictions[i]));
    for (const auto& [name, value] : marks.back())
      if (!std::isfinite(value))
        throw ContractError("mark() of item '" + items[i].id + "' gives '" + name + "' as " +
                            std::to_string(value) +
                            "; a number that cannot be computed is left out");
    check_declared(declared, marks.back(), "mark() of item '" + items[i].id + "'");
  }
  return marks;
}

std::vector<MetricWithReplicates> slice_metrics(const Evaluator& evaluator,
                                                const Outcomes& outcomes,
                                                const std::string& dataset_key,
                                                std::int64_t replicates) {
  std::vector<MetricWithReplicates> rows;
  if (outcomes.items.empty()) return rows;
  Scores scores(evaluator, outcomes, dataset_key, replicates);
  for (const auto& slice : slices_of(outcomes.items)) {
    add_means(outcomes, slice, rows);
    scores.add(slice, rows);
  }
  return rows;
}

protocol::MetricRow report_row(const std::string& metric, double value, std::int64_t count) {
  protocol::MetricRow row{.slice_dimension = "all",
                          .slice = "all",
                          .metric = metric,
                          .kind = "report",
                          .n = count,
                          .no_interval = "a number about the whole run"};
  row.value = finite_or_null(value, &row.nonfinite);
  return row;
}

}  // namespace earshot::worker
