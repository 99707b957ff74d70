#include "host/analyse/compare.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "host/analyse/choices.hpp"
#include "host/analyse/conditions.hpp"
#include "host/base/failure.hpp"
#include "protocol/nearest.hpp"
#include "statistics/multiplicity.hpp"

namespace earshot::host {
namespace {

using Texts = std::vector<std::string>;

class Comparer {
 public:
  Comparer(Design design, std::optional<Design> other, const Observations& observations,
           const CompareOptions& options)
      : observations_(observations),
        options_(options),
        design_(std::move(design)),
        other_(std::move(other)),
        evidence_(observations) {
    result_.experiment = options.experiment;
    result_.metric = options.metric;
    result_.condition_on = options.condition_on;
    if (other_) {
      other_->name = options.with;
      design_.name = options.experiment;
    }
    names_.emplace(design_, other_ ? &*other_ : nullptr);
    find_sides();
    filter_.emplace(options.only, *names_);
    for (const auto& axis : options.over)
      check_condition_axis("--over", axis);
    find_tables();
    find_interaction();
  }

  Comparison run() {
    if (!other_) result_.verdicts = verdicts(design_, observations_);
    filter_->leave_out_runs(design_);
    if (other_) {
      filter_->leave_out_runs(*other_);
      add_candidate({&*other_, &design_, "", "", ""});
    } else {
      for (const auto& value : values_)
        if (value != result_.base && filter_->allows(result_.axis, value))
          add_candidate(along(design_, result_.axis, result_.base, value));
    }
    check_names();
    arrange();
    adjust();
    return std::move(result_);
  }

 private:
  struct Placed {
    std::vector<std::size_t> ranks{};  ///< of the axes by which a table is arranged
    std::int64_t position = 0;
    ComparedLine line{};
  };
  using Conditions = std::vector<const Condition*>;

  void find_sides() {
    if (other_) {
      result_.base = options_.with;
      return;
    }
    const auto& claims = design_.claims;
    result_.axis = !options_.axis.empty()        ? options_.axis
                   : claims.compare_axis.empty() ? "encoder"
                                                 : claims.compare_axis;
    check_name("axis", result_.axis, names_->axes());
    values_ = design_.axis_values(result_.axis);
    result_.base = options_.base;
    if (result_.base.empty() && result_.axis == claims.compare_axis)
      result_.base = claims.compare_base;
    if (result_.base.empty()) result_.base = values_.front();
    check_name("value of axis '" + result_.axis + "':", result_.base, values_);
  }

  void check_condition_axis(const std::string& option, const std::string& axis) const {
    auto known = names_->axes();
    std::erase(known, result_.axis);
    check_name("axis of " + option, axis, known);
  }

  /// For each table, splits what its lines are for into axes and dimensions of slices.
  void find_tables() {
    const auto axes = names_->axes();
    result_.by.clear();
    for (const auto& by : options_.by.empty() ? Texts{"task"} : options_.by) {
      auto& dimensions = result_.by.emplace_back();
      auto& own_axes = table_axes_.emplace_back();
      for (const auto& name : split(by, ',')) {
        if (among(axes, name))
          own_axes.push_back(name);
        else if (name != "task")
          dimensions.push_back(name);
      }
    }
  }

  void find_interaction() {
    if (options_.interaction.empty()) return;
    const auto equal = options_.interaction.find('=');
    result_.interaction = options_.interaction.substr(0, equal);
    check_condition_axis("--interaction", result_.interaction);
    if (among(options_.over, result_.interaction))
      throw Failure(ExitCode::usage, "runner compare: --over and --interaction both name '" +
                                         result_.interaction + "'; use one or the other");
    const auto values = names_->values(result_.interaction);
    if (equal == std::string::npos) {
      for (const auto& value : values)
        if (result_.against.empty() && filter_->allows(result_.interaction, value))
          result_.against = value;
    } else {
      result_.against = options_.interaction.substr(equal + 1);
      check_name("value of axis '" + result_.interaction + "':", result_.against, values);
    }
  }

  void add_candidate(const Sides& sides) {
    auto conditions = paired_conditions(sides);
    std::erase_if(conditions,
                  [&](const auto& condition) { return !filter_->keeps(condition, sides.axis); });
    if (other_) leave_out_shared(conditions);
    if (conditions.empty() && !other_)
      result_.remarks.push_back("no cell of " + sides.candidate_name() +
                                " can be paired with one of " + sides.base_name());
    for (const auto& condition : conditions)
      for (const auto& name : evidence_.groupings(condition))
        groupings_.insert(name);
    auto left_out = options_.over;
    if (!result_.interaction.empty()) left_out.push_back(result_.interaction);
    left_out = with_dependents(left_out, conditions, design_.claims);
    std::map<Labels, Conditions> groups;
    for (const auto& condition : conditions)
      groups[without(condition.axes, left_out)].push_back(&condition);
    for (std::size_t table = 0; table < result_.by.size(); ++table)
      for (const auto& [labels, members] : groups)
        for (const auto& slices : slices_of(members, result_.by[table]))
          add_lines(sides, table, labels, members, slices);
  }

  /// Two revisions share many runs, which need not be compared.
  void leave_out_shared(std::vector<Condition>& conditions) {
    const auto shared = std::erase_if(conditions, [](const Condition& condition) {
      return !condition.pairs.empty() &&
             std::all_of(condition.pairs.begin(), condition.pairs.end(),
                         [](const PairOfRuns& pair) { return pair.base == pair.candidate; });
    });
    if (shared > 0)
      result_.remarks.push_back(std::to_string(shared) +
                                (shared == 1 ? " condition has" : " conditions have") +
                                " the same runs on both sides, which are not shown");
  }

  std::vector<SliceNames> slices_of(const Conditions& conditions, const Texts& dimensions) {
    if (dimensions.empty()) return {{}};
    std::map<Texts, SliceNames> found;
    for (const auto* condition : conditions) {
      for (const auto& name : evidence_.dimensions(*condition))
        dimensions_.insert(name);
      for (const auto& slices : evidence_.slices(*condition, dimensions)) {
        Texts names;
        for (const auto& slice : slices)
          names.push_back(slice.name);
        found.emplace(names, slices);
      }
    }
    std::vector<SliceNames> slices;
    for (const auto& [names, own] : found)
      slices.push_back(own);
    return slices;
  }

  std::vector<Sample> samples_of(const Conditions& conditions, const SliceNames& slices) {
    std::vector<Sample> samples;
    for (const auto* condition : conditions) {
      const auto& metric = options_.metric.empty() ? condition->primary : options_.metric;
      samples.push_back(
          evidence_.sample(*condition, metric, slices, options_.allow_different_scoring));
      metric_found_ = metric_found_ || !samples.back().kind.empty();
    }
    return samples;
  }

  void add_lines(const Sides& sides, std::size_t table, const Labels& labels,
                 const Conditions& members, const SliceNames& slices) {
    ComparedLine line{.candidate = sides.candidate_name(),
                      .condition = labels,
                      .averaged = averaged_text(members, options_.over),
                      .by = table,
                      .slices = slices};
    if (result_.interaction.empty()) {
      line.difference = compare_samples(samples_of(members, slices), options_.condition_on);
      place(members.front()->position, std::move(line));
      return;
    }
    std::map<std::string, Conditions> levels;
    for (const auto* member : members)
      if (const auto own = member->axes.find(result_.interaction); own != member->axes.end())
        levels[own->second].push_back(member);
    const auto reference = levels.find(result_.against);
    if (reference == levels.end()) return;
    const auto gap = samples_of(reference->second, slices);
    for (const auto& level : names_->values(result_.interaction)) {
      if (level == result_.against || levels.count(level) == 0) continue;
      const auto& conditions = levels.at(level);
      line.level = level;
      line.difference = compare_gaps(gap, samples_of(conditions, slices), options_.condition_on);
      place(conditions.front()->position, line);
    }
  }

  void place(std::int64_t position, ComparedLine line) {
    std::vector<std::size_t> ranks;
    for (const auto& axis : table_axes_[line.by]) {
      const auto& values = names_->values(axis);
      const auto own = line.condition.find(axis);
      const auto value = own == line.condition.end() ? "" : own->second;
      ranks.push_back(static_cast<std::size_t>(std::find(values.begin(), values.end(), value) -
                                               values.begin()));
    }
    lines_.push_back({std::move(ranks), position, std::move(line)});
  }

  /// Puts the lines of one condition and slice next to each other, candidates in the order of the
  /// axis.
  void arrange() {
    // A condition's position is that of a cell on either side: use the first one seen.
    std::map<Labels, std::int64_t> first;
    for (const auto& placed : lines_) {
      auto& known = first.try_emplace(placed.line.condition, placed.position).first->second;
      known = std::min(known, placed.position);
    }
    for (auto& placed : lines_)
      placed.position = first[placed.line.condition];
    const auto names = [](const ComparedLine& line) {
      Texts slices;
      for (const auto& slice : line.slices)
        slices.push_back(slice.name);
      return slices;
    };
    std::stable_sort(lines_.begin(), lines_.end(), [&](const auto& a, const auto& b) {
      return std::tuple(a.line.by, a.ranks, a.position, a.line.condition, names(a.line)) <
             std::tuple(b.line.by, b.ranks, b.position, b.line.condition, names(b.line));
    });
    std::vector<Labels> conditions;
    for (const auto& placed : lines_)
      conditions.push_back(placed.line.condition);
    result_.columns = columns_of(conditions);
    for (auto& placed : lines_) {
      placed.line.title = title_of(placed.line.condition, result_.columns);
      result_.lines.push_back(std::move(placed.line));
    }
  }

  /// The axes that distinguish the lines; those named by --by first.
  Texts columns_of(const std::vector<Labels>& conditions) const {
    Texts columns;
    for (const auto& axes : table_axes_)
      for (const auto& axis : axes) {
        const bool some = std::any_of(conditions.begin(), conditions.end(),
                                      [&](const auto& own) { return own.count(axis) > 0; });
        if (some && !among(columns, axis) && !options_.by.empty()) columns.push_back(axis);
      }
    for (const auto& axis : telling_axes(conditions))
      if (!among(columns, axis)) columns.push_back(axis);
    return columns;
  }

  void check_names() {
    for (const auto& dimensions : result_.by)
      for (const auto& name : dimensions)
        if (dimensions_.count(name) == 0) {
          Texts known{"task"};
          known.insert(known.end(), dimensions_.begin(), dimensions_.end());
          for (const auto& axis : names_->axes())
            if (!among(known, axis)) known.push_back(axis);
          if (!lines_.empty() || !dimensions_.empty())
            check_name("slice dimension, label or axis", name, known);
        }
    if (!groupings_.empty())
      for (const auto& name : options_.condition_on)
        check_name("group", name, {groupings_.begin(), groupings_.end()});
    if (result_.metric.empty() || metric_found_) return;
    const auto known = observations_.metrics(design_.experiment);
    if (!known.empty()) check_name("metric", result_.metric, known);
  }

  void adjust() {
    std::vector<double> p_values;
    for (const auto& line : result_.lines)
      if (line.difference.interval.defined()) p_values.push_back(line.difference.interval.p_value);
    const auto adjusted = statistics::benjamini_hochberg(p_values);
    auto next = adjusted.begin();
    for (auto& line : result_.lines)
      if (line.difference.interval.defined()) line.p_adjusted = *next++;
  }

  const Observations& observations_;
  const CompareOptions& options_;
  Design design_;
  std::optional<Design> other_;
  Evidence evidence_;
  std::optional<AxisNames> names_{};
  std::optional<Filter> filter_{};
  Comparison result_{};
  Texts values_{};
  std::vector<Texts> table_axes_{};  ///< of each table
  std::set<std::string> dimensions_{}, groupings_{};
  bool metric_found_ = false;
  std::vector<Placed> lines_{};
};

}  // namespace

bool ComparedLine::significant() const {
  const auto& interval = difference.interval;
  return interval.defined() && (interval.low > 0 || interval.high < 0) && p_adjusted < 0.05;
}

std::string ComparedLine::task() const {
  const auto found = condition.find("task");
  return found == condition.end() ? "" : found->second;
}

Comparison compare(Design design, std::optional<Design> other, const Observations& observations,
                   const CompareOptions& options) {
  return Comparer(std::move(design), std::move(other), observations, options).run();
}

}  // namespace earshot::host
