#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/plan/plan.hpp"
#include "host/store/store.hpp"

// Answers of a system that Earshot did not run, as cells of an experiment: the system stands on the
// encoder axis under a name of its own, and is compared there like any other.

namespace earshot::host {

/// The cells of a task whose place imported predictions take: one for each fold.
/// @throws Failure (usage): no such task, none of its cells can be planned, or it has several
/// variants (of other axes than encoder, seed and fold), which are listed.
std::vector<PlannedCell> places_of(const Plan& plan, const std::string& task);

/// A cell for the answers in a file with this hash to the task of `place`. Its key is a hash of the
/// content and of everything that scores it, never of the name.
/// @param scores whether the file has scores of classes or choices
PlannedCell imported_cell(const PlannedCell& place, const std::string& name, std::int64_t seed,
                          const std::string& sha256, bool scores = false);

/// Adds the cells that were imported into the experiment before, so that planning it anew keeps
/// them: those that would still be scored in the same way. They are not run.
void keep_imported(Plan& plan, const Store& store);

}  // namespace earshot::host
