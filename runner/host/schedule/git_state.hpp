#pragma once
#include <filesystem>

#include "protocol/json.hpp"

namespace earshot::host {

/// The state of the git repository that contains `folder`. Null if there is none, if it has no
/// commit yet, or if its references have an unknown format.
///   commit        of HEAD
///   dirty         whether tracked files differ from it; null if git is not available
///   diff_sha256   hash of the differences, if there are any
///   diff          the differences themselves, up to 256 KiB of UTF-8
///
/// Nothing that the repository or the user configures is run: no hook, monitor, filter, pager,
/// external diff or transport. git is given an empty configuration instead of theirs, so files that
/// pass through a filter (such as git-lfs) count as changed unless their time stamps show that they
/// are not. A submodule counts as changed if another commit of it is checked out.
protocol::Json git_state(const std::filesystem::path& folder);

}  // namespace earshot::host
