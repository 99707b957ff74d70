#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/store/store.hpp"

namespace earshot::host {

struct FileSummary {
  std::int64_t schema = 0;
  std::int64_t bytes = 0;    ///< size of its pages
  std::string sqlite{};      ///< version of the SQLite library: "3.51.3"
  bool safe_sqlite = false;  ///< whether that version lacks a known race between connections
};

FileSummary summary_of(const Store& store);

/// Numbers of rows that tell how much a file contains: experiments, cells, runs ...
std::vector<std::pair<std::string, std::int64_t>> row_counts(const Store& store);

/// Reads the whole file. Returns a line for each problem with its structure, references or content;
/// none if there are no problems. Content is checked (changed_content()) only if the structure is
/// intact, since rows of damaged pages cannot be read.
std::vector<std::string> problems_of(const Store& store);

}  // namespace earshot::host
