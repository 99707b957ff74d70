#include "host/analyse/verdict_text.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "host/analyse/text.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

using Texts = std::vector<std::string>;

std::string p_is(const std::string& name, double p) {
  return name + (p < 0.0001 ? " " : " = ") + p_text(p);
}

/// The p-values of one comparison; for equivalence both, each with its name.
std::string p_values(bool equivalence, double p, double p_beyond) {
  if (!equivalence) return p_is("p", p);
  return p_is("p (equivalent)", p) + ", " + p_is("p (beyond the margin)", p_beyond);
}

std::string after_holm(std::size_t claims) {
  return claims > 1 ? " after Holm over " + count_text(static_cast<long long>(claims), "claim")
                    : "";
}

std::string counts(const Difference& difference) {
  return count_text(difference.items, "item") + " in " + count_text(difference.groups, "group") +
         ", " + count_text(difference.seeds, "seed");
}

/// "accuracy +0.375 (95 % interval +0.2 to +0.5, p = 0.01; 40 items in 20 groups, 1 seed)".
std::string numbers(const Difference& difference, const std::string& p) {
  const auto& interval = difference.interval;
  return difference.metric + " " + signed_text(interval.estimate) +
         (difference.unit.empty() ? "" : " " + difference.unit) + " (95 % interval " +
         interval_text(interval) + ", " + p + "; " + counts(difference) + ")";
}

/// The claim's tasks, slices and means, for the brackets after the claim.
std::string where(const Hypothesis& claim) {
  std::string text;
  if (!claim.tasks.empty()) text = " in " + protocol::join(claim.tasks);
  for (const auto& [dimension, names] : claim.slices)
    text += ", " + dimension + " " + protocol::join(names);
  if (!claim.average.empty()) text += ", mean over " + protocol::join(claim.average);
  return text;
}

/// "mean of 5 tasks", "mean over encoder: mfcc, log_mel"; "" if a part is not a mean.
std::string mean_of(const Verdict& verdict, const Hypothesis& claim) {
  if (verdict.averaged.empty()) return "";
  Texts axes;
  if (claim.mean) axes.emplace_back("task");
  axes.insert(axes.end(), claim.average.begin(), claim.average.end());
  std::string text;
  for (const auto& axis : axes) {
    std::set<std::string> values;
    for (const auto& part : verdict.averaged)
      if (const auto own = part.condition.find(axis); own != part.condition.end())
        values.insert(own->second);
    if (values.size() < 2) continue;
    text += (text.empty() ? "mean of " : " and ") +
            count_text(static_cast<long long>(values.size()), axis);
  }
  std::set<std::string> slices;
  for (const auto& part : verdict.averaged)
    for (const auto& slice : part.slices)
      slices.insert(slice.dimension + slice.name);
  if (claim.mean && slices.size() > 1)
    text += (text.empty() ? "mean of " : " and ") +
            count_text(static_cast<long long>(slices.size()), "slice");
  return text;
}

/// The noun for the parts of the claim, for "each of 5 tasks".
std::string noun_of(const Verdict& verdict) {
  std::set<std::string> tasks, slices;
  std::set<Labels> others;
  for (const auto& part : verdict.parts) {
    auto labels = part.condition;
    labels.erase("task");
    labels.erase("dataset");
    const auto task = part.condition.find("task");
    tasks.insert(task == part.condition.end() ? "" : task->second);
    others.insert(labels);
    std::string own;
    for (const auto& slice : part.slices)
      own += slice.dimension + "=" + slice.name + " ";
    slices.insert(own);
  }
  if (tasks.size() == verdict.parts.size()) return "task";
  if (slices.size() == verdict.parts.size()) return "slice";
  return "condition";
}

/// The finding if a single comparison decides.
std::string finding(const Verdict& verdict, const Hypothesis& claim, std::size_t claims) {
  const auto& difference = verdict.difference;
  const bool supported = verdict.verdict == "supported";
  const auto margin = number_text(verdict.margin);
  const auto mean = mean_of(verdict, claim);
  std::string text = verdict.candidate;
  if (verdict.verdict == "undecided") {
    text = "unclear whether " + verdict.candidate + " and " + verdict.base + " differ" +
           (verdict.margin > 0 ? " by " + margin : "");
  } else if (claim.relation == Relation::equal) {
    text +=
        " and " + verdict.base + " differ by " + (supported ? "less" : "more") + " than " + margin;
  } else {
    text += std::string(" is ") + (difference.gain() > 0 ? "better" : "worse") + " than " +
            verdict.base;
    if (verdict.margin > 0)
      text += std::string(supported ? ", by more than " : ", not by more than ") + margin;
  }
  if (!mean.empty()) text += ", " + mean;
  return text + ": " +
         numbers(difference,
                 p_values(claim.relation == Relation::equal, verdict.p_adjusted, verdict.p_beyond) +
                     after_holm(claims));
}

Texts labels_where(const std::vector<ClaimPart>& parts, bool (*test)(const ClaimPart&)) {
  Texts labels;
  for (const auto& part : parts)
    if (test(part)) labels.push_back(part.label);
  return labels;
}

bool estimated(const ClaimPart& part) {
  return std::isfinite(part.difference.interval.estimate);
}

bool other_way(const ClaimPart& part) {
  return estimated(part) && !part.holds;
}

/// The finding if several comparisons must hold.
std::string findings(const Verdict& verdict, const Hypothesis& claim, std::size_t claims) {
  const bool equivalence = claim.relation == Relation::equal;
  const auto each =
      "each of " + count_text(static_cast<long long>(verdict.parts.size()), noun_of(verdict));
  const auto claimed =
      equivalence
          ? verdict.candidate + " and " + verdict.base + " differ by less than " +
                number_text(verdict.margin)
          : verdict.candidate + " is " + (claim.relation == Relation::better ? "better" : "worse") +
                " than " + verdict.base +
                (verdict.margin > 0 ? " by more than " + number_text(verdict.margin) : "");
  const auto against = labels_where(verdict.parts, other_way);
  if (verdict.verdict == "supported")
    return claimed + " in " + each + " (largest " +
           p_is(equivalence ? "p (equivalent)" : "p", verdict.p_adjusted) + after_holm(claims) +
           ")";
  std::string text = verdict.verdict == "contradicted"
                         ? "it does not hold that " + claimed + " in " + each
                         : "not shown that " + claimed + " in " + each;
  if (verdict.verdict == "contradicted")
    text += " (" +
            p_is(equivalence ? "p (beyond the margin)" : "p",
                 equivalence ? verdict.p_beyond : verdict.p_adjusted) +
            ", the smallest p times " + std::to_string(verdict.parts.size()) + after_holm(claims) +
            ")";
  if (!against.empty()) text += "; opposite in " + protocol::join(against);
  const auto blocked =
      labels_where(verdict.parts, [](const ClaimPart& part) { return !part.usable(); });
  if (!blocked.empty()) text += "; no conclusion for " + protocol::join(blocked);
  return text;
}

std::string detail_of(const ClaimPart& part, bool equivalence) {
  auto text = part.label + ": ";
  if (!part.reason.empty()) {
    text += (part.state == "undecided" ? "" : part.state + ", ") + part.reason;
  } else if (!part.difference.interval.defined()) {
    text += estimated(part)
                ? part.difference.metric + " " + signed_text(part.difference.interval.estimate) +
                      ", without an interval: " + part.difference.interval.missing
                : part.difference.interval.missing;
  } else {
    text += numbers(part.difference, p_values(equivalence, part.p, part.p_beyond));
  }
  if (other_way(part)) text += ", opposite";
  for (const auto& note : part.difference.notes)
    text += "; " + note;
  if (part.difference.missing > 0)
    text += "; " + count_text(part.difference.missing, "pair") + " of runs missing";
  return text;
}

}  // namespace

void describe(Verdict& verdict, const Hypothesis& claim, std::size_t claims) {
  const bool equivalence = claim.relation == Relation::equal;
  std::string reason;
  if (verdict.parts.size() > 1)
    reason = findings(verdict, claim, claims);
  else if (!verdict.parts[0].usable())
    reason = verdict.parts[0].reason;
  else
    reason = finding(verdict, claim, claims);
  verdict.sentence =
      verdict.name + " (" + verdict.claim + where(claim) + "): " + verdict.verdict + ", " + reason;
  if (verdict.parts.size() == 1) {
    if (const auto against = labels_where(verdict.averaged, other_way); !against.empty())
      verdict.sentence += "; opposite in " + protocol::join(against);
    for (const auto& note : verdict.difference.notes)
      verdict.sentence += "; " + note;
    if (verdict.difference.missing > 0)
      verdict.sentence +=
          "; " + count_text(verdict.difference.missing, "pair") + " of runs missing";
  }
  const auto& shown = verdict.parts.size() > 1 ? verdict.parts : verdict.averaged;
  for (const auto& part : shown)
    verdict.details.push_back(detail_of(part, equivalence));
  // With several means, each is named by its parts.
  if (verdict.parts.size() > 1 && !verdict.averaged.empty()) {
    verdict.sentence += "; each is a " + mean_of(verdict, claim);
    for (const auto& part : verdict.averaged)
      verdict.details.push_back("including " + detail_of(part, equivalence));
  }
}

}  // namespace earshot::host
