#pragma once
#include "host/plan/plan.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

// Which cells of a plan run now, and which are left out.
//
// [select]: cells that differ only in the axes of `over` form a set. Each is first fitted and
// measured on validation, as a cell of its own (same axes, a key of its own, numbers in no view);
// the best of each set gets test numbers, the others never get any. So there is nothing to hide.

/// Reasons for a choice not yet made, or lost; such test cells are not recorded.
constexpr const char* not_chosen_yet = "[select]: not chosen yet";
constexpr const char* not_chosen = "[select]: not chosen";

/// Whether the cell belongs to its experiment in the store: it has a key, is not excluded and not
/// dropped by [select].
bool is_member(const PlannedCell& cell);

/// The plan with a validation cell for every cell in a set, and the cells themselves decided: the
/// best of a set runs (or is cached), the others are left out with the reason; all wait while a
/// validation of their set is to be run. A set whose validation failed stays undecided.
/// Without [select] the plan as it is.
Plan with_selection(Plan plan, const Store& store);

/// Whether cells wait for a choice that the next with_selection() may make.
bool choices_open(const Plan& selected);

/// The second plan of an invocation without the cells that the first has run or found done.
/// They stay recorded. A cell that the first excluded may run now: another one may have its key and
/// be chosen.
Plan without_cells_of(Plan plan, const Plan& first);

/// Leaves out the cells to run whose last attempt did not fail; all of them without results.
/// @param store  null if there is no results file
void keep_failed_only(Plan& plan, const Store* store);

}  // namespace earshot::host
