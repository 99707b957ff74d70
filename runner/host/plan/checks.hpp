#pragma once
#include "host/plan/datasets.hpp"
#include "host/plan/plan.hpp"

namespace earshot::host {

/// Checks a cell against its data: the label that the task's option 'target' names, the fold.
/// @throws Failure (usage) positioned in the file, with the nearest name.
void check_cell(const Experiment& experiment, const Cell& cell, const ResolvedComponent& task,
                const FoundDataset& dataset);

/// Checks the names of slices and metrics in the experiment against the data and tasks of the plan.
/// Cells whose data is missing are not checked.
/// @throws Failure (usage) positioned in the file, with the nearest name.
void check_names(const Plan& plan);

}  // namespace earshot::host
