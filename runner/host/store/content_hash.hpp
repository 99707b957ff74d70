#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/store/sqlite.hpp"

namespace earshot::host {

// SQLite has no checksums: a bit that flips inside of a row is not seen. What an ok run left and
// the items of a dataset are therefore sealed by a hash of their rows, written with them.

/// SHA-256 of the rows of a run: items used and lost, metrics with their definitions and
/// replicates, predictions and curves.
std::string content_of_run(const Connection& connection, std::int64_t run);

/// SHA-256 of the rows of `item` of a dataset.
std::string content_of_items(const Connection& connection, std::int64_t dataset);

/// What no longer has the content that its hash or key says, one line each: runs, items of
/// datasets, cells whose key is not that of their identity, and provenance.
std::vector<std::string> changed_content(const Connection& connection);

}  // namespace earshot::host
