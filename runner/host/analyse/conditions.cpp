#include "host/analyse/conditions.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "protocol/nearest.hpp"
#include "statistics/interval.hpp"

namespace earshot::host {
namespace {

std::string value_of(const Labels& labels, const std::string& axis) {
  const auto found = labels.find(axis);
  return found == labels.end() ? "" : found->second;
}

/// Axes of components before those of options, as in the experiment file.
std::vector<std::string> in_order(const std::set<std::string>& axes) {
  std::vector<std::string> ordered;
  for (const auto* axis : {"encoder", "dataset", "mapper", "language_model"})
    if (axes.count(axis) > 0) ordered.emplace_back(axis);
  for (const auto& axis : axes)
    if (axis != "task" && std::find(ordered.begin(), ordered.end(), axis) == ordered.end())
      ordered.push_back(axis);
  return ordered;
}

/// Why samples are not compared, each reason once; "" if they are.
std::string obstacle(const std::vector<const Sample*>& samples) {
  std::vector<std::string> reasons;
  for (const auto* sample : samples)
    if (!sample->problem.empty() &&
        std::find(reasons.begin(), reasons.end(), sample->problem) == reasons.end())
      reasons.push_back(sample->problem);
  for (const auto* sample : samples)
    if (reasons.empty() && sample->metric != samples.front()->metric)
      return "different primary metrics, '" + samples.front()->metric + "' and '" + sample->metric +
             "'; choose one with 'metric'";
  return protocol::join(reasons);
}

Difference blocked(const std::vector<const Sample*>& samples, const std::string& why) {
  auto result = no_difference(samples.front()->metric, why);
  for (const auto* sample : samples) {
    result.missing += sample->missing;
    for (const auto& note : sample->notes)
      if (std::find(result.notes.begin(), result.notes.end(), note) == result.notes.end())
        result.notes.push_back(note);
  }
  return result;
}

}  // namespace

std::vector<std::string> telling_axes(const std::vector<Labels>& conditions) {
  std::set<std::string> all;
  for (const auto& labels : conditions)
    for (const auto& [axis, value] : labels)
      all.insert(axis);
  std::vector<std::string> axes;
  if (all.count("task") > 0) axes.emplace_back("task");
  for (const auto& axis : in_order(all)) {
    std::map<std::vector<std::string>, std::string> first;
    const bool tells = std::any_of(conditions.begin(), conditions.end(), [&](const auto& labels) {
      std::vector<std::string> before;
      for (const auto& known : axes)
        before.push_back(value_of(labels, known));
      const auto value = value_of(labels, axis);
      return first.try_emplace(before, value).first->second != value;
    });
    if (tells) axes.push_back(axis);
  }
  return axes;
}

std::string title_of(const Labels& condition, const std::vector<std::string>& axes) {
  std::string title;
  for (const auto& axis : axes) {
    const auto value = value_of(condition, axis);
    if (value.empty()) continue;
    const bool option = axis.find('.') != std::string::npos;
    title += (title.empty() ? "" : " ") + (option ? axis + "=" : "") + value;
  }
  return title;
}

std::vector<std::string> with_dependents(std::vector<std::string> axes,
                                         const std::vector<Condition>& conditions,
                                         const Claims& claims) {
  std::set<std::string> partners;
  for (const auto& axis : axes) {
    if (axis == "task") partners.insert("dataset");
    for (const auto& zip : claims.zips)
      if (std::find(zip.begin(), zip.end(), axis) != zip.end())
        partners.insert(zip.begin(), zip.end());
  }
  for (const auto& partner : partners) {
    if (std::find(axes.begin(), axes.end(), partner) != axes.end()) continue;
    std::map<Labels, std::string> first;
    std::set<std::string> values;
    for (const auto& own : conditions)
      values.insert(value_of(own.axes, partner));
    const bool follows =
        values.size() > 1 &&
        std::all_of(conditions.begin(), conditions.end(), [&](const auto& own) {
          const auto value = value_of(own.axes, partner);
          return first.try_emplace(without(own.axes, {partner}), value).first->second == value;
        });
    if (follows) axes.push_back(partner);
  }
  return axes;
}

Labels without(Labels labels, const std::vector<std::string>& axes) {
  for (const auto& axis : axes)
    labels.erase(axis);
  return labels;
}

std::string averaged_text(const std::vector<const Condition*>& conditions,
                          const std::vector<std::string>& axes) {
  std::string text;
  for (const auto& axis : axes) {
    std::vector<std::string> values;
    for (const auto* condition : conditions) {
      auto value = value_of(condition->axes, axis);
      if (value.empty()) value = "none";
      if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    }
    text += (text.empty() ? "mean over " : "; over ") + axis + ": " + protocol::join(values);
  }
  return text;
}

Difference no_difference(const std::string& metric, const std::string& why) {
  return {.metric = metric,
          .interval = statistics::no_interval(std::nan(""), why),
          .base = std::nan(""),
          .candidate = std::nan("")};
}

Difference compare_samples(const std::vector<Sample>& samples,
                           const std::vector<std::string>& given) {
  std::vector<const Sample*> all;
  for (const auto& sample : samples)
    all.push_back(&sample);
  if (const auto why = obstacle(all); !why.empty()) return blocked(all, why);
  return difference(samples, given);
}

Difference compare_gaps(const std::vector<Sample>& first, const std::vector<Sample>& second,
                        const std::vector<std::string>& given) {
  std::vector<const Sample*> all;
  for (const auto* samples : {&first, &second})
    for (const auto& sample : *samples)
      all.push_back(&sample);
  if (const auto why = obstacle(all); !why.empty()) return blocked(all, why);
  return interaction(first, second, given);
}

}  // namespace earshot::host
