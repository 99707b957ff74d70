#pragma once
#include <cstdint>
#include <set>
#include <vector>

#include <sys/types.h>

namespace earshot::host {

/// Processes that descend from `root`, itself first, as /proc tells. A worker adopts what its
/// children leave behind (prctl(2), PR_SET_CHILD_SUBREAPER), so that setsid(2) hides nothing.
std::vector<pid_t> process_tree(pid_t root);

/// Memory without a file behind it, anonymous or shared, of a process and its descendants, in
/// bytes. Mapped features and what LibTorch only reserves do not count; pages that several of them
/// share count once when the sum is above `enough`, where telling them apart is worth the time. 0
/// when the process is gone.
std::int64_t memory_of_tree(pid_t root, std::int64_t enough);

/// 90 % of the memory of the machine, or of the control group that this process is in where that
/// may use less; in bytes. 0 when the system does not tell.
std::int64_t default_memory_limit();

/// From now on descendants whose parent has ended become children of this process.
void adopt_orphans();

/// Kills and reaps the children of this process that it did not start: those of other process
/// groups that are not in `own`.
void end_orphans(const std::set<pid_t>& own);

}  // namespace earshot::host
