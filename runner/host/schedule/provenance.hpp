#pragma once
#include <filesystem>

#include "host/plan/plan.hpp"

namespace earshot::host {

/// Where results come from, for the results file:
///   git       {commit, dirty, diff (at most 256 KiB), diff_sha256} of the repository that holds
///   the
///             experiment file; null outside of one
///   host      {name, os, kernel, cpu, processors, memory_bytes}
///   runner    {version, compiler, protocol}
///   plugins   [{name, version, path, sha256}]
///   device, jobs, threads
///   environment   the variables that libraries read: *_NUM_THREADS, CUDA_VISIBLE_DEVICES ...
///   arguments     of the command line
Json provenance(const Plan& plan, const std::vector<std::string>& arguments);

/// The commit of the repository that holds `folder` and whether it has changes, or null.
Json git_state(const std::filesystem::path& folder);

}  // namespace earshot::host
