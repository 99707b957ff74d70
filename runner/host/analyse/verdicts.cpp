#include <algorithm>
#include <cmath>
#include <map>

#include "host/analyse/compare.hpp"
#include "host/analyse/text.hpp"
#include "host/experiment/experiment.hpp"
#include "statistics/interval.hpp"
#include "statistics/multiplicity.hpp"

namespace earshot::host {
namespace {

constexpr double alpha = 0.05;
constexpr double ceiling = 0.97;  ///< above it two encoders have no room to differ

/// The hypotheses as the recorded revision states them; the file was checked when it was read.
std::vector<Hypothesis> hypotheses_of(const Json& resolved) {
  std::vector<Hypothesis> hypotheses;
  for (const auto& table : resolved.value("hypothesis", Json::array())) {
    Hypothesis& claim = hypotheses.emplace_back();
    const auto text = [&](const char* key) { return table.value(key, std::string()); };
    claim.name = text("name");
    claim.claim = text("claim");
    claim.axis = text("axis");
    claim.metric = text("metric");
    claim.margin = table.value("margin", 0.0);
    claim.positive_control = text("positive_control");
    claim.blind_control = text("blind_control");
    claim.tasks = table.value("tasks", std::vector<std::string>());
    claim.slices = table.value("slices", std::map<std::string, std::string>());
    const auto at = claim.claim.find_first_of("<>=");
    const auto trimmed = [](const std::string& side) {
      const auto begin = side.find_first_not_of(' ');
      return begin == std::string::npos
                 ? std::string()
                 : side.substr(begin, side.find_last_not_of(' ') - begin + 1);
    };
    claim.candidate = trimmed(claim.claim.substr(0, at));
    if (at == std::string::npos) continue;
    claim.relation = claim.claim.substr(at, 1);
    claim.base = trimmed(claim.claim.substr(at + 1));
  }
  return hypotheses;
}

class Judge {
 public:
  Judge(const Store& store, std::int64_t experiment)
      : store_(store), experiment_(experiment), evidence_(store) {
    Statement row(store.connection(), "SELECT resolved FROM experiment WHERE experiment_id = ?");
    row.bind_all(experiment);
    row.step();
    resolved_ = Json::parse(row.text(0));
  }

  std::vector<Verdict> judge_all() {
    const auto hypotheses = hypotheses_of(resolved_);
    std::vector<Verdict> verdicts;
    std::vector<double> p_values;
    p_values.reserve(hypotheses.size());
    for (const auto& hypothesis : hypotheses) {
      p_values.push_back(verdicts.emplace_back(examine(hypothesis)).p);
    }
    const auto adjusted = statistics::holm(p_values);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      verdicts[i].p_adjusted = adjusted[i];
      decide(verdicts[i], hypotheses[i], hypotheses.size());
    }
    return verdicts;
  }

 private:
  Verdict examine(const Hypothesis& hypothesis) {
    Verdict verdict{.name = hypothesis.name, .claim = hypothesis.claim};
    verdict.axis = hypothesis.axis.empty() ? axis_of(hypothesis) : hypothesis.axis;
    verdict.base = hypothesis.base;
    verdict.candidate = hypothesis.candidate;
    verdict.task = hypothesis.tasks.size() == 1 ? hypothesis.tasks[0] : "";
    verdict.margin = hypothesis.margin;
    for (const auto& [dimension, name] : hypothesis.slices)
      verdict.slices.push_back({dimension, name});
    verdict.difference =
        differ(hypothesis, verdict.slices, verdict.axis, hypothesis.base, hypothesis.candidate);
    if (verdict.difference.interval.defined()) verdict.p = p_of(verdict, hypothesis.relation);
    return verdict;
  }

  Difference differ(const Hypothesis& hypothesis, const SliceNames& slices, const std::string& axis,
                    const std::string& base, const std::string& candidate) {
    std::vector<Sample> samples;
    std::vector<std::string> notes;
    for (const auto& condition : paired_conditions(store_, experiment_, axis, base, candidate)) {
      const auto& tasks = hypothesis.tasks;
      if (!tasks.empty() && std::find(tasks.begin(), tasks.end(), condition.task) == tasks.end())
        continue;
      if (condition.planned == 0) {
        notes.push_back("not over '" + condition.task + "', which has one side only");
        continue;
      }
      const auto& metric = hypothesis.metric.empty() ? condition.primary : hypothesis.metric;
      samples.push_back(evidence_.sample(condition, metric, slices));
    }
    const auto without = [&](const std::string& why) {
      return Difference{.interval = statistics::no_interval(std::nan(""), why),
                        .base = std::nan(""),
                        .candidate = std::nan("")};
    };
    if (samples.empty()) return without("the experiment has no such pair of cells");
    for (const auto& sample : samples)
      if (sample.metric != samples.front().metric)
        return without("its tasks have different primary metrics, '" + samples.front().metric +
                       "' and '" + sample.metric + "'; name one with 'metric'");
    auto result = difference(samples);
    result.notes.insert(result.notes.end(), notes.begin(), notes.end());
    return result;
  }

  std::string axis_of(const Hypothesis& hypothesis) {
    auto axes = axis_names(store_, experiment_);
    auto compared = resolved_.value("compare", Json::object()).value("axis", "encoder");
    axes.insert(axes.begin(), compared);
    for (const auto& axis : axes) {
      const auto values = axis_values(store_, experiment_, axis);
      const auto has = [&](const std::string& value) {
        return std::find(values.begin(), values.end(), value) != values.end();
      };
      if (has(hypothesis.base) && has(hypothesis.candidate)) return axis;
    }
    return compared;
  }

  /// Of the null on the other side of the nearest bound of what is claimed.
  static double p_of(const Verdict& verdict, const std::string& relation) {
    const auto& interval = verdict.difference.interval;
    if (relation != "=") {
      const double toward = relation == ">" ? 1 : -1;
      return statistics::p_value(interval, verdict.difference.higher_is_better
                                               ? toward * verdict.margin
                                               : -toward * verdict.margin);
    }
    if (std::abs(interval.estimate) < verdict.margin)
      return statistics::equivalence_p(interval, verdict.margin);
    return statistics::p_value(interval, std::copysign(verdict.margin, interval.estimate));
  }

  /// Why the comparison cannot show anything: the encoder that must win does not.
  std::string control_fails(const Verdict& verdict, const Hypothesis& hypothesis) {
    if (hypothesis.positive_control.empty() || hypothesis.blind_control.empty()) return "";
    const auto control = differ(hypothesis, verdict.slices, "encoder", hypothesis.blind_control,
                                hypothesis.positive_control);
    if (control.interval.defined() && control.gain() > 0 && control.interval.p_value < alpha)
      return "";
    const auto& interval = control.interval;
    return "the positive control " + hypothesis.positive_control + " does not beat the blind " +
           hypothesis.blind_control +
           (interval.defined() ? ": " + signed_text(interval.estimate) + " (95 % interval " +
                                     interval_text(interval) + ")"
                               : ": " + interval.missing);
  }

  void decide(Verdict& verdict, const Hypothesis& hypothesis, std::size_t claims) {
    const auto& difference = verdict.difference;
    std::string reason;
    if (!std::isfinite(difference.interval.estimate)) {
      verdict.verdict = "undecided";
      reason = difference.interval.missing;
    } else if (reason = control_fails(verdict, hypothesis); !reason.empty()) {
      verdict.verdict = "not testable";
    } else if (saturated(difference)) {
      verdict.verdict = "saturated";
      reason = "both lie above 97 % (" + number_text(difference.base) + " and " +
               number_text(difference.candidate) + "), with no room to differ";
    } else if (!difference.interval.defined()) {
      verdict.verdict = "undecided";
      reason = "the difference is " + signed_text(difference.interval.estimate) +
               ", without interval: " + difference.interval.missing;
    } else {
      const bool found = verdict.p_adjusted < alpha;
      verdict.verdict = !found                                ? "undecided"
                        : holds(verdict, hypothesis.relation) ? "supported"
                                                              : "contradicted";
      reason = finding(verdict, hypothesis.relation, claims);
    }
    verdict.sentence = verdict.name + " (" + verdict.claim + where(hypothesis) +
                       "): " + verdict.verdict + ", " + reason;
    for (const auto& note : difference.notes)
      verdict.sentence += "; " + note;
    if (difference.missing > 0)
      verdict.sentence += "; " + count_text(difference.missing, "pair") + " of runs missing";
  }

  static bool saturated(const Difference& difference) {
    return difference.unit.empty() && difference.higher_is_better &&
           std::min(difference.base, difference.candidate) > ceiling &&
           std::max(difference.base, difference.candidate) <= 1;
  }

  /// Whether the estimate lies where the claim says.
  static bool holds(const Verdict& verdict, const std::string& relation) {
    const double gain = verdict.difference.gain();
    if (relation == "=") return std::abs(gain) < verdict.margin;
    return relation == ">" ? gain > verdict.margin : -gain > verdict.margin;
  }

  static std::string finding(const Verdict& verdict, const std::string& relation,
                             std::size_t claims) {
    const auto& difference = verdict.difference;
    const auto& interval = difference.interval;
    const bool open = verdict.verdict == "undecided";
    const bool supported = verdict.verdict == "supported";
    std::string text = verdict.candidate;
    const auto margin = number_text(verdict.margin);
    if (open) {
      text += " and " + verdict.base + " may or may not differ" +
              (verdict.margin > 0 ? " by " + margin : "");
    } else if (relation == "=") {
      text += " and " + verdict.base + " differ by " + (supported ? "less" : "more") + " than " +
              margin;
    } else {
      const bool better = difference.gain() > 0;
      text += std::string(" is ") + (better ? "better" : "worse") + " than " + verdict.base;
      if (verdict.margin > 0)
        text += std::string(supported ? ", by more than " : ", not by more than ") + margin;
    }
    return text + ": " + difference.metric + " " + signed_text(interval.estimate) +
           (difference.unit.empty() ? "" : " " + difference.unit) + " (95 % interval " +
           interval_text(interval) + ", p " + (verdict.p_adjusted < 0.0001 ? "" : "= ") +
           p_text(verdict.p_adjusted) +
           (claims > 1 ? " after Holm over " + count_text(static_cast<long long>(claims), "claim")
                       : "") +
           "; " + count_text(difference.items, "item") + " in " +
           count_text(difference.groups, "group") + ", " + count_text(difference.seeds, "seed") +
           ")";
  }

  static std::string where(const Hypothesis& hypothesis) {
    std::string text;
    for (const auto& task : hypothesis.tasks)
      text.append(text.empty() ? " in " : ", ").append(task);
    for (const auto& [dimension, slice] : hypothesis.slices)
      text.append(", ").append(dimension).append(" ").append(slice);
    return text;
  }

  const Store& store_;
  std::int64_t experiment_;
  Evidence evidence_;
  Json resolved_{};
};

}  // namespace

std::vector<Verdict> verdicts(const Store& store, const std::string& experiment) {
  return Judge(store, store.require_experiment(experiment)).judge_all();
}

std::vector<std::string> verdict_lines(const Store& store, const std::string& experiment) {
  std::vector<std::string> lines;
  for (const auto& verdict : verdicts(store, experiment))
    lines.push_back(verdict.sentence);
  return lines;
}

}  // namespace earshot::host
