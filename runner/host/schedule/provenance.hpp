#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "host/plan/plan.hpp"

namespace earshot::host {

/// The commit of Earshot that this runner was built from, 40 digits, with "-dirty" where the tree
/// had changes; "" where it was no repository. build_commit.cmake writes it.
extern const std::string_view build_commit;

/// Where results come from, for the results file:
///   git       of the repository that holds the experiment file, see git_state(); null outside
///   host      {name, os, kernel, cpu, processors, memory_bytes}
///   runner    {version, commit (that it was built from, "" where not known), compiler, protocol}
///   plugins   [{name, version, path, sha256}]
///   device, jobs, threads
///   environment   the variables that libraries read: *_NUM_THREADS, CUDA_VISIBLE_DEVICES ...
///   arguments     of the command line
Json provenance(const Plan& plan, const std::vector<std::string>& arguments);

}  // namespace earshot::host
