#include "worker/stage/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "protocol/hash.hpp"
#include "protocol/nearest.hpp"
#include "statistics/influence.hpp"
#include "statistics/interval.hpp"
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
                          "; expected the number of the " + std::to_string(items) +
                          " items that entered the metric");
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
               std::vector<MetricWithInfluences>& rows) {
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

/// What score() gives of slices, and how much each item moves it.
class Scores {
 public:
  Scores(const Evaluator& evaluator, const Outcomes& outcomes, std::int64_t replicates)
      : evaluator_(evaluator),
        declared_(declared_by(evaluator)),
        outcomes_(outcomes),
        replicates_(replicates) {}

  void add(const Slice& slice, std::vector<MetricWithInfluences>& rows) {
    auto values = score(slice.items);
    const auto counts = take_counts(values, std::ssize(slice.items));
    if (values.empty()) return;
    check_declared(declared_, values, "score()");
    const auto size = static_cast<std::int64_t>(slice.items.size());
    const auto grouping = grouping_of(outcomes_.items, slice.items);
    const auto block_of = blocks(slice, statistics::Clusters(size, grouping));
    auto without = leaving_each_out(slice, values, block_of);
    for (const auto& [name, value] : values) {
      const auto influences = statistics::influences(value, without[name], block_of);
      const bool usable = std::isfinite(value) && replicates_ > 0 && influences.finite();
      const auto entered =
          counts.at(name) < size ? entering(slice, value, without[name], block_of) : slice.items;
      rows.push_back({row_of(slice, name, "score", value, counts.at(name),
                             interval(value, influences, grouping, entered, counts.at(name))),
                      usable ? statistics::packed(influences) : ""});
    }
  }

 private:
  static constexpr std::int64_t most_asked = 20'000'000;  ///< items in all calls of score()

  Numbers score(const Indices& chosen) {
    asked_.clear();
    for (const auto i : chosen)
      asked_.push_back({outcomes_.items[static_cast<std::size_t>(i)],
                        outcomes_.predictions[static_cast<std::size_t>(i)]});
    return evaluator_.score(asked_);
  }

  std::vector<std::int32_t> blocks(const Slice& slice, const statistics::Clusters& clusters) const {
    std::vector<std::uint64_t> hashes;
    for (const auto i : slice.items)
      hashes.push_back(protocol::hash64(outcomes_.items[static_cast<std::size_t>(i)].id));
    const auto in_time = std::max(statistics::enough_blocks, most_asked / clusters.items());
    return statistics::blocks(clusters, hashes, std::clamp<std::int64_t>(replicates_, 1, in_time));
  }

  /// Each metric without each block; NaN where it is undefined then.
  std::map<std::string, std::vector<double>> leaving_each_out(
      const Slice& slice, const Numbers& values, const std::vector<std::int32_t>& block_of) {
    const auto blocks = *std::max_element(block_of.begin(), block_of.end()) + 1;
    std::map<std::string, std::vector<double>> without;
    for (const auto& [name, value] : values)
      without[name].assign(static_cast<std::size_t>(blocks),
                           std::numeric_limits<double>::quiet_NaN());
    if (replicates_ == 0) return without;
    Indices kept;
    for (std::int32_t block = 0; block < blocks; ++block) {
      kept.clear();
      for (std::size_t i = 0; i < block_of.size(); ++i)
        if (block_of[i] != block) kept.push_back(slice.items[i]);
      if (kept.empty()) continue;
      for (const auto& [name, value] : score(kept))
        if (const auto found = without.find(name); found != without.end())
          found->second[static_cast<std::size_t>(block)] = value;
    }
    return without;
  }

  /// The items of a slice in blocks without which the metric is another number. If a metric leaves
  /// items out, these are the items that it is computed from.
  static Indices entering(const Slice& slice, double value, const std::vector<double>& without,
                          const std::vector<std::int32_t>& block_of) {
    Indices items;
    for (std::size_t i = 0; i < block_of.size(); ++i)
      if (without[static_cast<std::size_t>(block_of[i])] != value) items.push_back(slice.items[i]);
    return items;
  }

  statistics::Interval interval(double value, const statistics::Influences& influences,
                                statistics::Grouping grouping, const Indices& entered,
                                std::int64_t count) const {
    if (!std::isfinite(value)) return statistics::no_interval(value, "the value is not finite");
    if (replicates_ == 0) return statistics::no_interval(value, "replicates = 0 disables it");
    if (entered.empty())
      return statistics::no_interval(value, "the metric is the same without any of its items");
    const statistics::Clusters among(std::ssize(entered), grouping_of(outcomes_.items, entered));
    if (among.fewest() < statistics::fewest_groups)
      return statistics::no_interval(value, statistics::too_few_groups(among));
    // Blocks of several groups do not tell which of them entered; at most as many as items.
    if (count < statistics::fewest_groups)
      return statistics::no_interval(value, statistics::too_few(count, "item"));
    if (!influences.single()) grouping.dimensions.push_back(influences.block_of);
    const statistics::Clusters clusters(static_cast<std::int64_t>(influences.block_of.size()),
                                        grouping);
    if (clusters.fewest() < statistics::fewest_groups)
      return statistics::no_interval(value, statistics::too_few_groups(clusters));
    if (!influences.finite())
      return statistics::no_interval(value, "the metric is undefined without some of the items");
    auto values = influences.of_items();
    for (auto& each : values)
      each += value;
    return statistics::mean_interval(values, clusters);
  }

  const Evaluator& evaluator_;
  std::set<std::string> declared_;
  const Outcomes& outcomes_;
  std::int64_t replicates_;
  std::vector<Outcome> asked_;  // kept, so that its memory is
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
                            std::to_string(value) + "; leave out numbers that cannot be computed");
    check_declared(declared, marks.back(), "mark() of item '" + items[i].id + "'");
  }
  return marks;
}

std::vector<MetricWithInfluences> slice_metrics(const Evaluator& evaluator,
                                                const Outcomes& outcomes, std::int64_t replicates) {
  std::vector<MetricWithInfluences> rows;
  if (outcomes.items.empty()) return rows;
  Scores scores(evaluator, outcomes, replicates);
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
                          .no_interval = "a metric of the whole run"};
  row.value = finite_or_null(value, &row.nonfinite);
  return row;
}

}  // namespace earshot::worker
