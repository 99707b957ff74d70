#include "host/schedule/workspace.hpp"

#include <algorithm>
#include <filesystem>
#include <forward_list>
#include <utility>

#include "host/plan/history.hpp"
#include "host/schedule/cache_use.hpp"
#include "host/schedule/provenance.hpp"
#include "host/schedule/recorder.hpp"
#include "host/schedule/selection.hpp"

namespace earshot::host {

Workspace::Workspace(Experiment experiment, WorkspaceSettings settings, Store::Mode mode)
    : experiment_(std::move(experiment)), settings_(std::move(settings)) {
  auto& cache = settings_.planning.cache;
  cache = std::filesystem::absolute(cache);
  settings_.running.cache = cache;
  const auto& results = settings_.running.results;
  if (mode == Store::Mode::read && !std::filesystem::exists(results)) return;
  store_ = std::make_unique<Store>(results, mode);
  if (mode == Store::Mode::write) store_->mark_lost_runs();
}

Plan Workspace::plan() const {
  return make_plan(experiment_, settings_.overrides, settings_.planning, store_.get());
}

Summary Workspace::execute(const Plan& plan, Progress& progress) {
  // Asking git takes longer than everything else in a run that finds all cells done.
  const bool runs = std::any_of(plan.cells.begin(), plan.cells.end(),
                                [](const auto& cell) { return cell.decision == Decision::run; });
  if (runs && provenance_.is_null()) provenance_ = provenance(plan, settings_.arguments);
  const auto records = records_of(plan, settings_.overrides);
  store_->record_plan(records.experiment, records.cells, records.datasets,
                      provenance_.is_null() ? Json::object() : provenance_);
  const CacheUse use(settings_.running.cache, plan);
  auto summary = host::execute(plan, *store_, settings_.running, progress);
  store_->require_in_place();
  return summary;
}

Summary Workspace::run(Plan& plan, Progress& progress) {
  keep_imported(plan, *store_);
  if (plan.experiment.select.over.empty()) return execute(plan, progress);
  const auto first = with_selection(plan, *store_);
  auto summary = execute(first, progress);
  // Validation is done, or has failed, for every candidate: choose, and test the chosen ones.
  if (choices_open(first) && summary.signal == 0)
    summary += execute(without_cells_of(with_selection(plan, *store_), first), progress);
  return summary;
}

Plan& keep_until_exit(Plan plan) {
  static auto& kept = *new std::forward_list<Plan>();
  return kept.emplace_front(std::move(plan));
}

}  // namespace earshot::host
