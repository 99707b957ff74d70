#pragma once
#include <filesystem>

#include "protocol/json.hpp"

namespace earshot::host {

/// The state of the git repository that holds `folder`, or null: outside of one, before its first
/// commit, or where its references are of a kind that is not known.
///   commit        of HEAD
///   dirty         whether tracked files differ from it; null when git is not there to say so
///   diff_sha256   hash of the differences, if there are any
///   diff          the differences themselves, up to 256 KiB of UTF-8
///
/// Nothing that the repository or the user configures is run: no hook, monitor, filter, pager,
/// external diff or transport. git is given a configuration of its own and nothing of theirs, so
/// files behind a filter (as of git-lfs) count as changed when their time stamps do not tell
/// otherwise. A submodule counts as changed when another commit of it is checked out.
protocol::Json git_state(const std::filesystem::path& folder);

}  // namespace earshot::host
