#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "host/cli/results.hpp"

namespace earshot::host {

/// How far an experiment is, and how fast cells end.
struct Watched {
  CellCounts counts{};
  double cells_per_second = 0;  ///< 0: unknown
  double remaining = -1;        ///< s, for cells that are pending or run; negative: unknown

  bool over() const { return counts.pending + counts.running == 0; }
};

/// The rate is that of the last cells to end ok, at most 50 in the last hour, from the start of the
/// first of them until now; so it covers all cells that run in parallel, and the time in which
/// nothing ran. It includes neither cells that other experiments had run before nor features that
/// are computed before the first cell.
/// @param lost  runs whose runner is gone (Store::lost_runs)
Watched watched(const std::vector<CellState>& cells, const std::set<std::int64_t>& lost,
                std::int64_t now_ms);

/// "quickstart: 30 of 45 cells done, 2 running, 1 not ok\n14.2 cells per minute, about 0:55 left\n"
std::string watched_text(const std::string& experiment, const Watched& now);

}  // namespace earshot::host
