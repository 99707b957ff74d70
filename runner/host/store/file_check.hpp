#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/store/store.hpp"

namespace earshot::host {

struct FileSummary {
  std::int64_t schema = 0;
  std::int64_t bytes = 0;    ///< of its pages
  std::string sqlite{};      ///< version of the library that reads it: "3.51.3"
  bool safe_sqlite = false;  ///< whether its write-ahead log is free of a race between connections
};

FileSummary summary_of(const Store& store);

/// How many rows the tables have that say how much a file holds: experiments, cells, runs ...
std::vector<std::pair<std::string, std::int64_t>> row_counts(const Store& store);

/// Reads the whole file: what is wrong with its structure, its references or its content, one line
/// each, with no line where all is well. Content is looked at (changed_content()) only in a file
/// that is sound, since rows of damaged pages cannot be read.
std::vector<std::string> problems_of(const Store& store);

}  // namespace earshot::host
