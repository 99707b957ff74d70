#pragma once
#include <string>
#include <vector>

#include "host/plan/plan.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// A plan as the store keeps it: its experiment with references, and every cell that has
/// a key, but those that [select] has dropped, and every cell that cannot run, with the reason.
struct PlanRecords {
  ExperimentRecord experiment{};
  std::vector<CellRecord> cells{};
  std::vector<DatasetRecord> datasets{};
};

PlanRecords records_of(const Plan& plan, const Overrides& overrides);

}  // namespace earshot::host
