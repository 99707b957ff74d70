#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/store/sqlite.hpp"

namespace earshot::host {

// SQLite has no checksums and does not notice a flipped bit in a row. Therefore the rows of an ok
// run and the items of a dataset are sealed by a hash that is written with them.

/// SHA-256 of the rows of a run: items used and lost, metrics with their definitions and
/// contributions, predictions and curves.
std::string content_of_run(const Connection& connection, std::int64_t run);

/// SHA-256 of the rows of `item` of a dataset.
std::string content_of_items(const Connection& connection, std::int64_t dataset);

/// One line for each run, list of items, cell and provenance whose content does not match its hash
/// or key.
std::vector<std::string> changed_content(const Connection& connection);

}  // namespace earshot::host
