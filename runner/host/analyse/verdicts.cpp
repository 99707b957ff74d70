#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "host/analyse/choices.hpp"
#include "host/analyse/conditions.hpp"
#include "host/analyse/text.hpp"
#include "host/analyse/verdict.hpp"
#include "host/analyse/verdict_text.hpp"
#include "statistics/multiplicity.hpp"

namespace earshot::host {

bool saturated(const Difference& difference) {
  constexpr double ceiling = 0.97;
  return difference.unit.empty() && difference.higher_is_better &&
         std::min(difference.base, difference.candidate) > ceiling &&
         std::max(difference.base, difference.candidate) <= 1;
}

namespace {

constexpr double alpha = 0.05;

/// Whether the estimate is on the claimed side.
bool holds(const Difference& difference, const Hypothesis& claim) {
  const double gain = difference.gain();
  if (claim.relation == Relation::equal) return std::abs(gain) < claim.margin;
  return claim.relation == Relation::better ? gain > claim.margin : -gain > claim.margin;
}

/// Two-sided p-value at the nearest bound of the claim; for equivalence that of two one-sided
/// tests.
double p_of(const Difference& difference, const Hypothesis& claim) {
  const auto& interval = difference.interval;
  if (claim.relation == Relation::equal) return statistics::equivalence_p(interval, claim.margin);
  const double toward = claim.relation == Relation::better ? 1 : -1;
  return statistics::p_value(
      interval, difference.higher_is_better ? toward * claim.margin : -toward * claim.margin);
}

/// For equivalence: two-sided p-value of the difference being beyond the nearer bound of the
/// margin; 1 if the estimate is within the margin.
double p_beyond(const Difference& difference, const Hypothesis& claim) {
  const auto& interval = difference.interval;
  if (std::abs(interval.estimate) <= claim.margin) return 1;
  return statistics::p_value(interval, std::copysign(claim.margin, interval.estimate));
}

using Conditions = std::vector<Condition>;

class Judge {
 public:
  Judge(const Design& design, const Observations& observations)
      : design_(design), evidence_(observations) {}

  std::vector<Verdict> judge_all() {
    const auto& hypotheses = design_.claims.hypotheses;
    std::vector<Verdict> verdicts;
    std::vector<double> p_values;
    for (const auto& hypothesis : hypotheses) {
      verdicts.push_back(examine(hypothesis));
      p_values.push_back(hypothesis.relation == Relation::equal
                             ? std::min(verdicts.back().p, verdicts.back().p_beyond)
                             : verdicts.back().p);
    }
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      auto& verdict = verdicts[i];
      const auto adjusted = [&](double p) {
        auto all = p_values;
        all[i] = p;
        return statistics::holm(all)[i];
      };
      verdict.p_adjusted = adjusted(verdict.p);
      verdict.p_beyond = adjusted(verdict.p_beyond);
      decide(verdict, hypotheses[i]);
      describe(verdict, hypotheses[i], hypotheses.size());
    }
    return verdicts;
  }

 private:
  std::string axis_of(const Hypothesis& claim) const {
    if (!claim.axis.empty()) return claim.axis;
    const auto axis =
        axis_with({claim.candidate, claim.base}, design_.claims.compare_axis, design_.axis_names(),
                  [&](const std::string& name) { return design_.axis_values(name); });
    return axis.empty() ? "encoder" : axis;
  }

  Verdict examine(const Hypothesis& claim) {
    Verdict verdict{.name = claim.name,
                    .claim = claim.claim,
                    .axis = axis_of(claim),
                    .base = claim.base,
                    .candidate = claim.candidate,
                    .task = claim.tasks.size() == 1 ? claim.tasks[0] : "",
                    .margin = claim.margin};
    const auto conditions = conditions_of(claim, verdict.axis);
    auto average = claim.average;
    if (claim.mean) average.emplace_back("task");
    verdict.parts = parts_of(claim, conditions, average, claim.mean);
    add_absent(verdict, claim, conditions);
    const bool mean = claim.mean || !claim.average.empty();
    if (mean) verdict.averaged = parts_of(claim, conditions, {}, false);
    if (verdict.averaged.size() < 2) verdict.averaged.clear();
    for (auto& part : verdict.parts)
      examine(part, claim, verdict.axis);
    for (auto& part : verdict.averaged)
      test(part, claim);
    combine(verdict, claim);
    return verdict;
  }

  Conditions conditions_of(const Hypothesis& claim, const std::string& axis) const {
    auto conditions = paired_conditions(along(design_, axis, claim.base, claim.candidate));
    if (axis != "task" && !claim.tasks.empty())
      std::erase_if(conditions,
                    [&](const auto& condition) { return !among(claim.tasks, condition.task()); });
    return conditions;
  }

  /// Every combination of the slices that the claim names, one of each dimension; `*` stands for
  /// all slices that the conditions have in a dimension, and is kept as it is if they have none, so
  /// that nothing is left out.
  std::vector<SliceNames> slices_of(const Hypothesis& claim,
                                    const std::vector<const Condition*>& conditions) {
    std::vector<SliceNames> combinations{{}};
    for (const auto& [dimension, names] : claim.slices) {
      auto all = names;
      if (among(names, "*")) {
        std::set<std::string> found;
        for (const auto* condition : conditions)
          for (const auto& slices : evidence_.slices(*condition, {dimension}))
            found.insert(slices.front().name);
        if (!found.empty()) all.assign(found.begin(), found.end());
      }
      std::vector<SliceNames> longer;
      for (const auto& combination : combinations)
        for (const auto& name : all) {
          longer.push_back(combination);
          longer.back().push_back({dimension, name});
        }
      combinations = std::move(longer);
    }
    return combinations;
  }

  /// A part for each condition, ignoring the axes of the mean, and for each of its slices, unless
  /// `all_slices` combines them.
  std::vector<ClaimPart> parts_of(const Hypothesis& claim, const Conditions& conditions,
                                  const std::vector<std::string>& average, bool all_slices) {
    std::vector<std::pair<Labels, std::vector<const Condition*>>> groups;
    const auto left_out = with_dependents(average, conditions, design_.claims);
    for (const auto& condition : conditions) {
      const auto labels = without(condition.axes, left_out);
      auto group = std::find_if(groups.begin(), groups.end(),
                                [&](const auto& known) { return known.first == labels; });
      if (group == groups.end()) group = groups.insert(groups.end(), {labels, {}});
      group->second.push_back(&condition);
    }
    std::vector<ClaimPart> parts;
    for (const auto& [labels, members] : groups) {
      const auto combinations = slices_of(claim, members);
      for (std::size_t i = 0; i < (all_slices ? 1 : combinations.size()); ++i) {
        auto& part = parts.emplace_back();
        part.condition = labels;
        if (!all_slices || combinations.size() == 1) part.slices = combinations[i];
        std::vector<Sample> samples;
        for (const auto* condition : members)
          for (const auto& own : all_slices ? slices_of(claim, {condition})
                                            : std::vector<SliceNames>{combinations[i]})
            samples.push_back(evidence_.sample(
                *condition, claim.metric.empty() ? condition->primary : claim.metric, own,
                claim.allow_different_scoring));
        part.difference = samples.empty() ? no_difference(claim.metric, "its slices have no items")
                                          : compare_samples(samples);
      }
    }
    name(parts);
    return parts;
  }

  static void name(std::vector<ClaimPart>& parts) {
    std::vector<Labels> labels;
    std::set<std::string> slices;
    const auto text_of = [](const SliceNames& names) {
      std::string text;
      for (const auto& slice : names)
        text += (text.empty() ? "" : ", ") + slice.dimension + " " + slice.name;
      return text;
    };
    for (const auto& part : parts) {
      labels.push_back(part.condition);
      slices.insert(text_of(part.slices));
    }
    const auto axes = telling_axes(labels);
    for (auto& part : parts) {
      part.label = title_of(part.condition, axes);
      if (slices.size() > 1) part.label += (part.label.empty() ? "" : ", ") + text_of(part.slices);
    }
  }

  /// Tasks that the claim names but that have no pair decide nothing; for a claim about all tasks
  /// they are left out, and a line says so.
  void add_absent(Verdict& verdict, const Hypothesis& claim, const Conditions& conditions) const {
    if (verdict.axis == "task") {
      if (verdict.parts.empty()) add_empty(verdict, claim, "");
      return;
    }
    std::set<std::string> paired, one_sided;
    for (const auto& condition : conditions)
      paired.insert(condition.task());
    for (const auto& cell : design_.cells) {
      const auto own = cell.axes.find(verdict.axis);
      const auto task = cell.axes.find("task");
      if (own == cell.axes.end() || task == cell.axes.end()) continue;
      if (own->second != claim.base && own->second != claim.candidate) continue;
      if (paired.count(task->second) == 0) one_sided.insert(task->second);
    }
    for (const auto& task : claim.tasks)
      if (paired.count(task) == 0) add_empty(verdict, claim, task);
    if (verdict.parts.empty()) add_empty(verdict, claim, "");
    if (!claim.tasks.empty()) return;
    for (const auto& task : one_sided)
      verdict.parts.front().difference.notes.push_back("'" + task +
                                                       "' is left out, since it has only one side");
  }

  static void add_empty(Verdict& verdict, const Hypothesis& claim, const std::string& task) {
    auto& part = verdict.parts.emplace_back();
    part.label = task;
    if (!task.empty()) part.condition["task"] = task;
    part.difference = no_difference(claim.metric, "the experiment has no matching pair of cells");
  }

  static void test(ClaimPart& part, const Hypothesis& claim) {
    const auto& difference = part.difference;
    if (!std::isfinite(difference.interval.estimate)) return;
    part.holds = holds(difference, claim);
    if (!difference.interval.defined()) return;
    part.p = p_of(difference, claim);
    if (claim.relation == Relation::equal) part.p_beyond = p_beyond(difference, claim);
  }

  void examine(ClaimPart& part, const Hypothesis& claim, const std::string& axis) {
    test(part, claim);
    const auto& difference = part.difference;
    const auto& interval = difference.interval;
    if (!std::isfinite(interval.estimate)) {
      part.state = interval.missing.starts_with("scored ") ? "not testable" : "undecided";
      part.reason = interval.missing;
      if (part.state == "not testable")
        part.reason += "; 'allow_different_scoring' compares them anyway";
    } else if (part.reason = control_fails(part, claim, axis); !part.reason.empty()) {
      part.state = "not testable";
    } else if (saturated(difference)) {
      part.state = "saturated";
      part.reason = "both are above 97 % (" + number_text(difference.base) + " and " +
                    number_text(difference.candidate) + "), which leaves no room for a difference";
    } else if (!interval.defined()) {
      part.state = "undecided";
      part.reason = "the difference is " + signed_text(interval.estimate) +
                    ", without an interval: " + interval.missing;
    }
  }

  /// Why the comparison cannot show anything: the control's encoder that must win does not. Checked
  /// under the conditions of the part, as far as the control has them.
  std::string control_fails(const ClaimPart& part, const Hypothesis& claim,
                            const std::string& axis) {
    if (claim.positive_control.empty() || claim.blind_control.empty()) return "";
    auto conditions =
        paired_conditions(along(design_, "encoder", claim.blind_control, claim.positive_control));
    const auto alike = [&](const Condition& condition) {
      return std::all_of(part.condition.begin(), part.condition.end(), [&](const auto& label) {
        if (label.first == "encoder" || label.first == axis) return true;
        const auto own = condition.axes.find(label.first);
        return own == condition.axes.end() || own->second == label.second;
      });
    };
    std::erase_if(conditions, [&](const auto& condition) {
      return !alike(condition) || (!claim.tasks.empty() && !among(claim.tasks, condition.task()));
    });
    std::vector<Sample> samples;
    for (const auto& condition : conditions)
      samples.push_back(evidence_.sample(condition,
                                         claim.metric.empty() ? condition.primary : claim.metric,
                                         part.slices, claim.allow_different_scoring));
    const auto control =
        samples.empty()
            ? no_difference(claim.metric, "the experiment has no matching pair of cells")
            : compare_samples(samples);
    const auto& interval = control.interval;
    if (interval.defined() && control.gain() > 0 && interval.p_value < alpha) return "";
    return "the positive control " + claim.positive_control + " does not beat the blind " +
           claim.blind_control +
           (interval.defined() ? ": " + signed_text(interval.estimate) + " (95 % interval " +
                                     interval_text(interval) + ")"
                               : ": " + interval.missing);
  }

  /// Combines the p-values of the parts into those of the whole claim.
  static void combine(Verdict& verdict, const Hypothesis& claim) {
    const auto& parts = verdict.parts;
    if (parts.size() == 1) {
      verdict.difference = parts[0].difference;
      verdict.slices = parts[0].slices;
    } else {
      verdict.difference = no_difference(parts[0].difference.metric, "of several parts");
      verdict.difference.unit = parts[0].difference.unit;
      verdict.difference.higher_is_better = parts[0].difference.higher_is_better;
      for (const auto& part : parts)
        verdict.difference.missing += part.difference.missing;
    }
    const bool equivalence = claim.relation == Relation::equal;
    const auto count = static_cast<double>(parts.size());
    double largest = 0, smallest_against = 1;
    bool all_hold = true;
    for (const auto& part : parts) {
      all_hold = all_hold && part.usable() && part.holds;
      largest = std::max(largest, part.usable() ? part.p : 1.0);
      if (part.usable() && !part.holds)
        smallest_against = std::min(smallest_against, equivalence ? part.p_beyond : part.p);
    }
    const double against = std::min(1.0, count * smallest_against);
    if (equivalence) {
      verdict.p = largest;
      verdict.p_beyond = against;
    } else {
      verdict.p = all_hold ? largest : against;
    }
  }

  static void decide(Verdict& verdict, const Hypothesis& claim) {
    const auto& parts = verdict.parts;
    const auto all = [&](auto test) { return std::all_of(parts.begin(), parts.end(), test); };
    const bool usable = all([](const ClaimPart& part) { return part.usable(); });
    const bool hold = all([](const ClaimPart& part) { return part.holds; });
    const bool against = std::any_of(parts.begin(), parts.end(), [](const ClaimPart& part) {
      return part.usable() && !part.holds;
    });
    const double p_against =
        claim.relation == Relation::equal ? verdict.p_beyond : verdict.p_adjusted;
    if (usable && hold && verdict.p_adjusted < alpha) {
      verdict.verdict = "supported";
    } else if (against && p_against < alpha) {
      verdict.verdict = "contradicted";
    } else {
      verdict.verdict = "undecided";
      for (const auto* state : {"saturated", "not testable", "undecided"})
        for (const auto& part : parts)
          if (part.state == state) verdict.verdict = state;
    }
  }

  const Design& design_;
  Evidence evidence_;
};

}  // namespace

std::vector<Verdict> verdicts(const Design& design, const Observations& observations) {
  return Judge(design, observations).judge_all();
}

std::vector<std::string> lines_of(const std::vector<Verdict>& verdicts) {
  std::vector<std::string> lines;
  for (const auto& verdict : verdicts) {
    lines.push_back(verdict.sentence);
    for (const auto& detail : verdict.details)
      lines.push_back("  " + detail);
  }
  return lines;
}

}  // namespace earshot::host
