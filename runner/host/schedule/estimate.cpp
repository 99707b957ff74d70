#include "host/schedule/estimate.hpp"

#include <algorithm>

#include "host/store/stage_costs.hpp"

namespace earshot::host {

Estimate::Estimate(const Plan& plan, const Store& store) {
  for (const auto& cell : plan.cells)
    if (cell.decision == Decision::run) ++cells_[cell.cell.task.label];
  if (cells_.empty()) return;
  for (const auto& [task, cost] : costs_by_task(store))
    past_[task] = {cost.seconds, cost.runs};
}

double Estimate::seconds_per_cell() const {
  Mean all;
  for (const auto& [task, mean] : now_) {
    all.sum += mean.sum;
    all.count += mean.count;
  }
  double sum = 0;
  std::int64_t cells = 0;
  for (const auto& [task, count] : cells_) {
    auto mean = all;
    if (const auto known = past_.find(task); known != past_.end()) mean = known->second;
    if (const auto known = now_.find(task); known != now_.end()) mean = known->second;
    if (mean.count == 0) continue;
    sum += static_cast<double>(count) * mean.sum / static_cast<double>(mean.count);
    cells += count;
  }
  return cells > 0 ? sum / static_cast<double>(cells) : -1;
}

double Estimate::remaining(const ProgressState& state, std::int64_t cells, std::int64_t at_once,
                           std::int64_t passes, double pass_seconds) const {
  const auto per_cell = seconds_per_cell();
  if (cells > 0 && per_cell < 0 && passes == 0) return -1;
  double left = std::max(0.0, per_cell) * static_cast<double>(cells) /
                static_cast<double>(std::max<std::int64_t>(1, std::min(cells, at_once)));
  if (passes == 0) return left;
  double per_pass = passes_.count > 0 ? passes_.sum / static_cast<double>(passes_.count) : -1;
  if (state.stage_done > 0)
    per_pass = pass_seconds * static_cast<double>(state.stage_total) /
               static_cast<double>(state.stage_done);
  if (per_pass < 0) return -1;
  return left + std::max(0.0, per_pass * static_cast<double>(passes) - pass_seconds);
}

}  // namespace earshot::host
