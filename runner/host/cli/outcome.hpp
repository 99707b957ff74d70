#pragma once
#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>

#include "host/plan/plan.hpp"
#include "host/schedule/run_counts.hpp"

namespace earshot::host {

// What commands print about a plan and about how its cells ended.

const char* name_of(Decision decision);
/// How many cells of a plan have each decision.
std::map<Decision, std::int64_t> count_decisions(const Plan& plan);

/// The event "plan" of Progress::event().
Json plan_event(const Plan& plan);
/// The event "summary" of Progress::event().
Json summary_event(const Summary& summary);

/// "plan  30 cells to run, 15 cached, 3 excluded", why cells run or not, and the notes.
void print_plan_summary(std::ostream& out, const Plan& plan);

/// One row for each task (with everything else that distinguishes rows), one column for each
/// encoder: the primary metric over all items, averaged over the seeds and folds of ok runs, and
/// chance and majority if the task reports them. Prints nothing if no run is ok.
void print_results(std::ostream& out, const Store& store, const std::string& experiment);

/// "LABEL: ERROR" for each cell that failed, on stderr.
void print_failures(const Summary& summary);

/// What failed and why, "done  45 cells: 44 ok, 1 failed; ...", whether the run was interrupted,
/// and where to read on.
void print_ending(std::ostream& out, const Summary& summary, const std::string& experiment,
                  const std::string& results);

}  // namespace earshot::host
