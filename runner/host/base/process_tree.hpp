#pragma once
#include <cstdint>
#include <set>
#include <vector>

#include <sys/types.h>

namespace earshot::host {

/// Processes that descend from `root`, starting with `root`, according to /proc. A worker adopts
/// its descendants' orphans (prctl(2), PR_SET_CHILD_SUBREAPER), so setsid(2) hides none.
std::vector<pid_t> process_tree(pid_t root);

/// Memory of a process and its descendants that is not backed by a file, anonymous or shared, in
/// bytes. Mapped features and memory that LibTorch only reserves do not count; pages shared by
/// several of them count once if the sum is above `enough`, where telling them apart is worth the
/// time. 0 if the process is gone.
std::int64_t memory_of_tree(pid_t root, std::int64_t enough);

/// 90 % of the memory of the machine, or of the limit of this process's control group if that is
/// lower; in bytes. 0 if the system does not report it.
std::int64_t default_memory_limit();

/// From now on, descendants whose parent has ended become children of this process.
void adopt_orphans();

/// Kills and reaps the children that this process did not start: those in process groups other than
/// the ones in `own`.
void end_orphans(const std::set<pid_t>& own);

}  // namespace earshot::host
