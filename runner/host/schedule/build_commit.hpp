#pragma once
#include <string_view>

namespace earshot::host {

/// The commit of Earshot that this runner was built from, 40 digits, with "-dirty" where the tree
/// had changes; "" where it was no repository. build_commit.cmake writes it.
extern const std::string_view build_commit;

}  // namespace earshot::host
