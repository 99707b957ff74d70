#include "host/store/content_hash.hpp"

#include <sqlite3.h>

#include "protocol/hash.hpp"

namespace earshot::host {
namespace {

/// A value with its type and length, so that different rows give different texts.
void append(std::string& text, const Statement& row, int column) {
  const int type = sqlite3_column_type(row.handle(), column);
  if (type == SQLITE_FLOAT) {  // its bits, which are unambiguous
    const double value = row.real(column);
    text += 'r';
    text.append(reinterpret_cast<const char*>(&value), sizeof value);
    return;
  }
  text += static_cast<char>('a' + type);
  if (type == SQLITE_NULL) return;
  const auto bytes = row.bytes(column);
  text += std::to_string(bytes.size()) + ':';
  text += bytes;
}

std::string rows_of(const Connection& connection, std::int64_t id,
                    std::initializer_list<const char*> queries) {
  std::string text;
  for (const auto* sql : queries) {
    Statement rows(connection, sql);
    rows.bind_all(id);
    while (rows.step()) {
      for (int column = 0; column < rows.columns(); ++column)
        append(text, rows, column);
      text += '\n';
    }
    text += "\n\n";
  }
  return text;
}

/// Finds rows (name, id, hash) whose hash is not that of the content.
template <class Content>
void compare(const Connection& connection, const char* sql, const char* what, Content&& content,
             std::vector<std::string>& problems) {
  Statement rows(connection, sql);
  while (rows.step())
    if (content(rows) != rows.text(2))
      problems.push_back(what + (" " + rows.text(0)) + " has changed since it was written");
}

}  // namespace

std::string content_of_run(const Connection& connection, std::int64_t run) {
  return protocol::sha256(std::string_view(rows_of(
      connection, run,
      {"SELECT state, declared, used, lost FROM run WHERE run_id = ?",
       "SELECT d.name, d.version, d.unit, d.higher_is_better, d.kind, s.dimension, s.name, "
       "v.value, "
       "v.nonfinite, v.n, v.ci_low, v.ci_high, v.no_interval FROM metric v "
       "JOIN metric_definition d USING(metric_id) JOIN slice s USING(slice_id) "
       "WHERE v.run_id = ? ORDER BY v.metric_id, v.slice_id",
       "SELECT metric_id, slice_id, packed FROM contribution WHERE run_id = ? "
       "ORDER BY metric_id, slice_id",
       "SELECT item, value, number, output, mark, marks, scores, candidates FROM prediction "
       "WHERE run_id = ? ORDER BY item",
       "SELECT name, step, value, nonfinite FROM curve WHERE run_id = ? ORDER BY name, step"})));
}

std::string content_of_items(const Connection& connection, std::int64_t dataset) {
  return protocol::sha256(std::string_view(
      rows_of(connection, dataset,
              {"SELECT position, id, groups, slices, labels, question, choices, answers FROM item "
               "WHERE dataset_id = ? ORDER BY position"})));
}

std::vector<std::string> changed_content(const Connection& connection) {
  std::vector<std::string> problems;
  compare(
      connection, "SELECT run_id, run_id, content_sha256 FROM run WHERE state = 'ok'", "run",
      [&](const Statement& row) { return content_of_run(connection, row.integer(1)); }, problems);
  compare(
      connection,
      "SELECT component || ' ' || substr(key, 1, 12), dataset_id, content_sha256 FROM dataset "
      "WHERE content_sha256 NOT NULL",
      "items of dataset",
      [&](const Statement& row) { return content_of_items(connection, row.integer(1)); }, problems);
  const auto of_text = [](const Statement& row) { return protocol::sha256(row.bytes(1)); };
  compare(connection, "SELECT substr(key, 1, 12), identity, key FROM cell", "cell", of_text,
          problems);
  compare(connection, "SELECT provenance_id, facts, key FROM provenance", "provenance", of_text,
          problems);
  return problems;
}

}  // namespace earshot::host
