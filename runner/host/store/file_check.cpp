#include "host/store/file_check.hpp"

#include <sqlite3.h>

#include "host/store/content_hash.hpp"
#include "host/store/inside.hpp"

namespace earshot::host {
namespace {

/// The first version without a race between connections in its write-ahead log.
constexpr int safe_sqlite = 3'051'003;

}  // namespace

FileSummary summary_of(const Store& store) {
  const auto& connection = connection_of(store);
  return {.schema = connection.integer("PRAGMA user_version"),
          .bytes = connection.integer("PRAGMA page_count") * connection.integer("PRAGMA page_size"),
          .sqlite = sqlite3_libversion(),
          .safe_sqlite = sqlite3_libversion_number() >= safe_sqlite};
}

std::vector<std::pair<std::string, std::int64_t>> row_counts(const Store& store) {
  std::vector<std::pair<std::string, std::int64_t>> counts;
  for (const std::string table :
       {"experiment", "cell", "run", "stage", "metric", "prediction", "item"})
    counts.emplace_back(table, connection_of(store).integer("SELECT count(*) FROM " + table));
  return counts;
}

std::vector<std::string> problems_of(const Store& store) {
  const auto& connection = connection_of(store);
  std::vector<std::string> problems;
  Statement integrity(connection, "PRAGMA integrity_check");
  while (integrity.step())
    if (integrity.text(0) != "ok") problems.push_back(integrity.text(0));
  Statement foreign(connection, "PRAGMA foreign_key_check");
  while (foreign.step())
    problems.push_back("row " + foreign.text(1) + " of " + foreign.text(0) +
                       " refers to a missing row of " + foreign.text(2));
  Statement half(connection,
                 "SELECT run_id FROM run r WHERE state = 'ok' AND NOT EXISTS "
                 "(SELECT 1 FROM metric WHERE run_id = r.run_id)");
  while (half.step())
    problems.push_back("run " + half.text(0) + " is ok but has no metric");
  return problems.empty() ? changed_content(connection) : problems;
}

}  // namespace earshot::host
