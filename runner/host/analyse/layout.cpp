#include "host/analyse/layout.hpp"

#include <algorithm>
#include <set>

#include "host/analyse/text.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

using Texts = std::vector<std::string>;

/// Columns from Layout::numbers_from() on.
struct NumberColumn {
  enum : std::size_t {
    items,
    seeds,
    base_value,
    own_value,
    difference,
    interval,
    p,
    verdict,
    count
  };
};

Standing standing_of(const ComparedLine& line) {
  if (!line.difference.interval.defined()) return Standing::untested;
  return line.significant() ? Standing::better : Standing::tied;
}

/// "432", "20 to 432"; "" without lines.
template <class Number>
std::string range_text(const std::vector<const ComparedLine*>& lines, Number&& number) {
  if (lines.empty()) return "";
  const auto [least, most] =
      std::minmax_element(lines.begin(), lines.end(),
                          [&](const auto* a, const auto* b) { return number(*a) < number(*b); });
  const auto low = number(**least), high = number(**most);
  return (low == high ? "" : std::to_string(low) + " to ") + std::to_string(high);
}

}  // namespace

Layout::Layout(const Comparison& comparison, std::size_t table) : comparison_(comparison) {
  std::set<std::string> metrics, averages;
  for (const auto& line : comparison.lines) {
    if (line.by != table) continue;
    lines_.push_back(&line);
    metrics.insert(line.difference.metric);
    averages.insert(line.averaged);
  }
  one_metric_ = metrics.size() == 1 ? *metrics.begin() : "";
  one_average_ = averages.size() == 1 ? *averages.begin() : "";
  averages_differ_ = averages.size() > 1;
  dimensions_ = comparison.by[table];
}

std::string Layout::title() const {
  const auto& base = comparison_.base;
  auto text = comparison_.experiment + ": ";
  if (comparison_.axis.empty())
    text = comparison_.experiment + ", against " + base;
  else if (comparison_.interaction.empty())
    text += comparison_.axis + ", each against " + base;
  else
    text += "how the difference of each " + comparison_.axis + " from " + base + " depends on " +
            comparison_.interaction + ", each against " + comparison_.against;
  if (!one_metric_.empty()) text += " (" + one_metric_ + unit() + ")";
  if (!one_average_.empty()) text += ", " + one_average_;
  if (!comparison_.condition_on.empty())
    text += "; intervals for these groups only: " + protocol::join(comparison_.condition_on);
  return text;
}

std::string Layout::caption() const {
  std::set<std::string> methods;
  std::set<Standing> marks;
  std::vector<const ComparedLine*> compared;  // have items in common
  for (const auto* line : lines_) {
    const auto& difference = line->difference;
    if (difference.items > 0) compared.push_back(line);
    if (!difference.method.empty()) methods.insert(difference.method);
    marks.insert(standing_of(*line));
  }
  const auto count = [&](auto member) {
    return range_text(compared,
                      [member](const ComparedLine& line) { return line.difference.*member; });
  };
  if (compared.empty()) return "No item has been scored on both sides.";
  auto text = "n = " + count(&Difference::items) + " items in " + count(&Difference::groups) +
              " groups, seeds: " + count(&Difference::seeds) + ".";
  if (!methods.empty())
    text += " Test: t intervals of 95 % on the variance of the " +
            protocol::join({methods.begin(), methods.end()}) + "; p adjusted over " +
            count_text(static_cast<long long>(tested_lines(comparison_)), "comparison") +
            " (Benjamini-Hochberg).";
  if (marks.contains(Standing::better))
    text += " Bold: the better value, where the interval excludes 0 and p is below 0.05.";
  if (marks.contains(Standing::tied)) text += " \u2248: tied, no difference is supported.";
  if (marks.contains(Standing::untested)) text += " \u2020: no interval, so not tested.";
  return text + " Exploratory: only hypotheses stated in the experiment file are confirmatory.";
}

Texts Layout::columns() const {
  auto columns = leading();
  if (!comparison_.axis.empty()) columns.push_back(comparison_.axis);
  for (const auto& name :
       {std::string("items"), std::string("seeds"), left(), right(), std::string("difference"),
        std::string("95 % interval"), std::string("p"), std::string("")})
    columns.push_back(name);
  return columns;
}

Texts Layout::cells(const ComparedLine& line, const ComparedLine* above) const {
  auto cells = labels(line);
  if (above != nullptr) {
    const auto before = labels(*above);
    for (std::size_t i = 0; i < cells.size() && cells[i] == before[i]; ++i)
      cells[i].clear();
  }
  const auto& difference = line.difference;
  const auto& found = difference.interval;
  if (!comparison_.axis.empty()) cells.push_back(line.candidate);
  auto range = interval_text(found);
  if (!found.defined() && range.size() > longest_reason) range = "none, see below";
  const bool better = difference.gain() > 0;
  for (const auto& text :
       {std::to_string(difference.items), std::to_string(difference.seeds),
        value_text(difference.base), value_text(difference.candidate), signed_text(found.estimate),
        range, found.defined() ? p_text(line.p_adjusted) : std::string("-"),
        std::string(!line.significant() ? ""
                    : better            ? "better"
                                        : "worse")})
    cells.push_back(text);
  return cells;
}

std::size_t Layout::numbers_from() const {
  return leading().size() + (comparison_.axis.empty() ? 0 : 1);
}

std::vector<Standing> Layout::standings(const ComparedLine& line) const {
  std::vector<Standing> standings(numbers_from() + NumberColumn::count, Standing::none);
  const auto stand = [&](std::size_t column) -> Standing& {
    return standings[numbers_from() + column];
  };
  switch (standing_of(line)) {
    case Standing::better:
      stand(line.difference.gain() > 0 ? NumberColumn::own_value : NumberColumn::base_value) =
          Standing::better;
      break;
    case Standing::tied:
      stand(NumberColumn::base_value) = stand(NumberColumn::own_value) = Standing::tied;
      break;
    default:
      stand(NumberColumn::difference) = Standing::untested;
  }
  return standings;
}

std::string Layout::name(const ComparedLine& line) const {
  Texts parts;
  if (!line.title.empty()) parts.push_back(line.title);
  for (const auto& slice : line.slices)
    parts.push_back(slice.name);
  if (!line.level.empty()) parts.push_back(line.level);
  if (!comparison_.axis.empty()) parts.push_back(line.candidate);
  return protocol::join(parts);
}

std::string Layout::full_name(const ComparedLine& line) const {
  std::string name;
  for (const auto& label : labels(line))
    name += label + " ";
  return name + line.candidate;
}

std::string Layout::macros() const {
  return comparison_.experiment + " against " + comparison_.base;
}

Texts Layout::leading() const {
  auto columns = comparison_.columns;
  columns.insert(columns.end(), dimensions_.begin(), dimensions_.end());
  if (one_metric_.empty()) columns.emplace_back("metric");
  if (averages_differ_) columns.emplace_back("mean over");
  if (!comparison_.interaction.empty()) columns.push_back(comparison_.interaction);
  return columns;
}

Texts Layout::labels(const ComparedLine& line) const {
  Texts labels;
  for (const auto& axis : comparison_.columns) {
    const auto own = line.condition.find(axis);
    labels.push_back(own == line.condition.end() ? "" : own->second);
  }
  for (std::size_t i = 0; i < dimensions_.size(); ++i)
    labels.push_back(i < line.slices.size() ? line.slices[i].name : "");
  if (one_metric_.empty()) labels.push_back(line.difference.metric);
  if (averages_differ_) labels.push_back(line.averaged);
  if (!comparison_.interaction.empty()) labels.push_back(line.level);
  return labels;
}

std::string Layout::value_text(double value) const {
  return gaps() ? signed_text(value) : number_text(value);
}

std::string Layout::unit() const {
  for (const auto* line : lines_)
    if (!line->difference.unit.empty()) return ", " + line->difference.unit;
  return "";
}

std::size_t tested_lines(const Comparison& comparison) {
  return static_cast<std::size_t>(
      std::count_if(comparison.lines.begin(), comparison.lines.end(),
                    [](const ComparedLine& line) { return line.difference.interval.defined(); }));
}

}  // namespace earshot::host
