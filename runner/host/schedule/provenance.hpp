#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "host/plan/plan.hpp"

namespace earshot::host {

/// The commit of Earshot that this runner was built from, 40 digits, with "-dirty" if the tree had
/// changes; "" if it was not built in a repository. build_commit.cmake writes it.
extern const std::string_view build_commit;

/// The provenance of results, for the results file:
///   git       git_state() of the folder with the experiment file
///   host      {name, os, kernel, cpu, processors, memory_bytes}
///   runner    {version, commit (that it was built from, or ""), compiler, protocol}
///   plugins   [{name, version, path, sha256}]
///   device, jobs, threads
///   environment   the variables that libraries read: *_NUM_THREADS, CUDA_VISIBLE_DEVICES ...
///   arguments     those of the command line
Json provenance(const Plan& plan, const std::vector<std::string>& arguments);

}  // namespace earshot::host
