#include "host/schedule/selection.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "host/store/metric_values.hpp"

namespace earshot::host {
namespace {

/// The axes of a cell without those of `over`; equal for all cells of a set.
std::string set_of(const Cell& cell, const Select& select) {
  Json rest = Json::array();
  for (const auto& [axis, value] : cell.axes)
    if (std::find(select.over.begin(), select.over.end(), axis) == select.over.end())
      rest.push_back({axis, value.json()});
  return protocol::canonical(rest);
}

PlannedCell validation_of(const PlannedCell& cell, const std::string& metric) {
  auto validation = cell;
  validation.identity.validation = true;
  validation.key = validation.identity.key();
  validation.decision = Decision::run;
  validation.reason = "to choose by " + metric + " on validation";
  return validation;
}

bool higher_is_better(const PlannedCell& cell, const std::string& metric) {
  if (cell.metrics == nullptr) return true;
  const auto found = std::find_if(cell.metrics->begin(), cell.metrics->end(),
                                  [&](const auto& known) { return known.name == metric; });
  return found == cell.metrics->end() || found->higher_is_better;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

class Selection {
 public:
  Selection(Plan plan, const Store& store) : plan_(std::move(plan)), store_(store) {}

  Plan apply() {
    std::map<std::string, std::vector<std::size_t>> sets;
    for (std::size_t index = 0; index < plan_.cells.size(); ++index) {
      const auto& cell = plan_.cells[index];
      if (cell.decision == Decision::run || cell.decision == Decision::cached)
        sets[set_of(cell.cell, plan_.experiment.select)].push_back(index);
    }
    for (const auto& [name, cells] : sets)
      if (cells.size() > 1) decide(cells);
    std::vector<PlannedCell> all;
    for (std::size_t index = 0; index < plan_.cells.size(); ++index) {
      if (const auto found = validations_.find(index); found != validations_.end())
        all.push_back(found->second);
      all.push_back(std::move(plan_.cells[index]));
    }
    plan_.cells = std::move(all);
    return std::move(plan_);
  }

 private:
  void decide(const std::vector<std::size_t>& cells) {
    std::vector<double> values;
    for (const auto index : cells) {
      auto validation = validation_of(plan_.cells[index], plan_.experiment.select.by);
      const auto value = overall_value(store_, validation.key, plan_.experiment.select.by);
      if (value) {
        values.push_back(*value);
        validation.decision = Decision::cached;
      }
      validations_.emplace(index, std::move(validation));
    }
    if (values.size() < cells.size()) {
      for (const auto index : cells)
        leave_out(index, not_chosen_yet);
      return;
    }
    const bool higher = higher_is_better(plan_.cells[cells.front()], plan_.experiment.select.by);
    // If several are equal, the first in the order of the plan.
    const auto best = higher ? std::max_element(values.begin(), values.end())
                             : std::min_element(values.begin(), values.end());
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (values.begin() + static_cast<std::ptrdiff_t>(i) != best)
        leave_out(cells[i], std::string(not_chosen) + ": " + number(values[i]) + " against " +
                                number(*best) + " on validation");
  }

  void leave_out(std::size_t index, const std::string& reason) {
    plan_.cells[index].decision = Decision::left_out;
    plan_.cells[index].reason = reason;
  }

  Plan plan_;
  const Store& store_;
  std::map<std::size_t, PlannedCell> validations_{};
};

}  // namespace

bool is_member(const PlannedCell& cell) {
  return !cell.key.empty() && cell.decision != Decision::excluded &&
         !cell.reason.starts_with(not_chosen);
}

Plan with_selection(Plan plan, const Store& store) {
  if (plan.experiment.select.over.empty()) return plan;
  return Selection(std::move(plan), store).apply();
}

bool choices_open(const Plan& selected) {
  return std::any_of(selected.cells.begin(), selected.cells.end(),
                     [](const auto& cell) { return cell.reason == not_chosen_yet; });
}

Plan without_cells_of(Plan plan, const Plan& first) {
  std::set<std::string> seen;
  for (const auto& cell : first.cells)
    if (cell.decision != Decision::left_out && cell.decision != Decision::excluded)
      seen.insert(cell.key);
  for (auto& cell : plan.cells)
    if (seen.contains(cell.key) && cell.decision != Decision::excluded)
      cell.decision = Decision::left_out;
  return plan;
}

void keep_failed_only(Plan& plan, const Store* store) {
  std::vector<std::string> keys;
  for (const auto& cell : plan.cells)
    if (cell.decision == Decision::run) keys.push_back(cell.key);
  const auto failed =
      store == nullptr ? std::map<std::string, LastFailure>{} : store->last_failures(keys);
  for (auto& cell : plan.cells)
    if (cell.decision == Decision::run && !failed.contains(cell.key)) {
      cell.decision = Decision::left_out;
      cell.reason = "--failed";
    }
}

}  // namespace earshot::host
