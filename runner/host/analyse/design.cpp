#include "host/analyse/design.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace earshot::host {
namespace {

/// A cell that uses no encoder (a blind control) is the same for all encoders. Drops its values on
/// their axes, so that it is compared with each encoder but listed once.
void leave_out_encoders(Design& design) {
  const auto is_of_encoder = [](const auto& label) {
    return label.first == "encoder" || label.first.starts_with("encoder.");
  };
  std::set<std::pair<std::string, Labels>> seen;
  std::erase_if(design.cells, [&](DesignCell& cell) {
    if (!cell.hears_nothing) return false;
    std::erase_if(cell.axes, is_of_encoder);
    return !seen.insert({cell.key, cell.axes}).second;
  });
}

}  // namespace

std::vector<std::string> Design::axis_names() const {
  std::set<std::string> names;
  for (const auto& cell : cells)
    for (const auto& [axis, value] : cell.axes)
      names.insert(axis);
  return {names.begin(), names.end()};
}

std::vector<std::string> Design::axis_values(const std::string& axis) const {
  std::vector<std::string> values;
  std::set<std::string> seen;
  for (const auto& cell : cells)
    if (const auto found = cell.axes.find(axis);
        found != cell.axes.end() && seen.insert(found->second).second)
      values.push_back(found->second);
  return values;
}

std::vector<std::string> Design::partners(const DesignCell& cell, const std::string& axis) const {
  std::set<std::string> names;
  for (const auto& zip : claims.zips) {
    if (std::find(zip.begin(), zip.end(), axis) == zip.end()) continue;
    const bool whole = std::all_of(zip.begin(), zip.end(),
                                   [&](const auto& other) { return cell.axes.count(other) > 0; });
    if (whole) names.insert(zip.begin(), zip.end());
  }
  const auto task = cell.axes.find("task");
  const bool tied = task != cell.axes.end() && claims.tasks_with_dataset.count(task->second) > 0;
  if (tied && axis == "task") names.insert("dataset");
  if (tied && axis == "dataset") names.insert("task");
  names.erase(axis);
  return {names.begin(), names.end()};
}

Design make_design(std::string name, std::int64_t experiment, Claims claims,
                   std::vector<DesignCell> cells) {
  Design design{.name = std::move(name),
                .experiment = experiment,
                .claims = std::move(claims),
                .cells = std::move(cells)};
  leave_out_encoders(design);
  return design;
}

}  // namespace earshot::host
