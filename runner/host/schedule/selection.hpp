#pragma once
#include "host/plan/plan.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

// Which cells of a plan run now, and which are left out.
//
// [select]: cells that differ only in the axes of `over` form a set. Each is first fitted and
// measured on the validation split, as a cell with the same axes, another key, and results that no
// view shows. Only the best cell of a set ever gets test results, so that nothing can be chosen by
// them.

/// Reasons of cells whose set is undecided, or that were not chosen; they are not recorded.
constexpr const char* not_chosen_yet = "[select]: not chosen yet";
constexpr const char* not_chosen = "[select]: not chosen";

/// Whether the cell is part of its experiment in the store: it has a key, and was neither excluded
/// nor dropped by [select].
bool is_member(const PlannedCell& cell);

/// Adds a validation cell for every cell of a set to the plan, and decides the cells: the best of a
/// set runs (or is cached), the others are left out with the reason. All cells of a set wait while
/// any of its validation cells is to be run. A set whose validation failed remains undecided.
/// Without [select], returns the plan unchanged.
Plan with_selection(Plan plan, const Store& store);

/// Whether cells wait for a choice that another with_selection() may make.
bool choices_open(const Plan& selected);

/// The second plan of an invocation, without the cells that the first plan has run or found done;
/// these stay recorded. A cell that the first plan excluded may run now, since another cell may
/// have had its key and now be chosen.
Plan without_cells_of(Plan plan, const Plan& first);

/// Leaves out the cells to run whose last attempt did not fail; without a results file, all of
/// them.
/// @param store  null if there is no results file
void keep_failed_only(Plan& plan, const Store* store);

}  // namespace earshot::host
