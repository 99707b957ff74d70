#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/store/sqlite.hpp"

namespace earshot::host {

// SQLite has no checksums, so a flipped bit inside a row goes unnoticed. The rows of an ok run and
// the items of a dataset are therefore sealed by a hash, written with them.

/// SHA-256 of the rows of a run: items used and lost, metrics with their definitions and
/// contributions, predictions and curves.
std::string content_of_run(const Connection& connection, std::int64_t run);

/// SHA-256 of the rows of `item` of a dataset.
std::string content_of_items(const Connection& connection, std::int64_t dataset);

/// One line for each run, list of items, cell and provenance whose content is not that of its hash
/// or key.
std::vector<std::string> changed_content(const Connection& connection);

}  // namespace earshot::host
