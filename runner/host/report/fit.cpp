#include <algorithm>
#include <functional>
#include <utility>

#include "host/report/page.hpp"

namespace earshot::host {
namespace {

std::size_t size_of(const PageData& data) {
  return script_json(data).size();
}

/// Keeps about `most` of a curve's points, evenly spread, and the last.
void thin(ReportedCurve& curve, std::size_t most) {
  if (curve.points.size() <= most) return;
  const auto step = (curve.points.size() + most - 1) / most;
  std::vector<std::pair<std::int64_t, OrNull<double>>> kept;
  for (std::size_t i = 0; i < curve.points.size(); ++i)
    if (i % step == 0 || i + 1 == curve.points.size()) kept.push_back(curve.points[i]);
  curve.points = std::move(kept);
}

}  // namespace

void fit(PageData& data, std::size_t most) {
  struct Step {
    std::string what{};
    std::function<void(ReportedExperiment&)> change{};
    bool answers = false;  ///< whether the items on which runs disagree are left out
  };
  constexpr std::size_t few_points = 50;
  const std::vector<Step> steps{
      {"learning curves are thinned to " + std::to_string(few_points) + " points",
       [](auto& experiment) {
         for (auto& curve : experiment.curves)
           thin(curve, few_points);
       }},
      {"learning curves are left out", [](auto& experiment) { experiment.curves.clear(); }},
      {"items on which runs disagree are left out ('runner export EXPERIMENT --predictions' writes "
       "all answers)",
       [](auto&) {}, true},
      {"confusion tables are left out", [](auto& experiment) { experiment.confusions.clear(); }},
      {"scores by slice are left out", [](auto& experiment) { experiment.slices.clear(); }},
      {"the texts of experiment files are left out",
       [](auto& experiment) { experiment.source.clear(); }},
      {"tables of provenance are left out",
       [](auto& experiment) { experiment.provenance.clear(); }},
  };
  for (const auto& step : steps) {
    if (size_of(data) <= most) return;
    for (auto& experiment : data.experiments)
      step.change(experiment);
    if (step.answers) data.answers.clear();
    auto sentence = "To keep this page small, " + step.what + ".";
    if (std::find(data.left_out.begin(), data.left_out.end(), sentence) == data.left_out.end())
      data.left_out.push_back(std::move(sentence));
  }
}

}  // namespace earshot::host
