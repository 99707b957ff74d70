#pragma once
#include "host/base/table.hpp"
#include "host/schedule/workspace.hpp"

namespace earshot::host {

/// Options of `runner plan`.
struct PlanView {
  Format format = Format::table;  ///< other formats have a row for every cell and nothing else
  bool every_cell = false;        ///< --why
  bool failed_only = false;       ///< --failed
};

/// Plans without running anything, and prints what a run would do: `runner plan`, and `runner run
/// --dry-run`.
void show_plan(const Workspace& workspace, const PlanView& view);

}  // namespace earshot::host
