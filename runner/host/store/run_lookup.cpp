#include "host/store/run_lookup.hpp"

#include "host/store/inside.hpp"

namespace earshot::host {
namespace {

std::optional<std::string> text_or_none(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.text(column);
}

const std::string attempts_sql =
    "SELECT r.run_id, c.key, r.attempt, (SELECT max(attempt) FROM run WHERE cell_id = c.cell_id), "
    "r.state, r.error_kind, r.error, r.log FROM run r JOIN cell c USING(cell_id) ";

/// The first row of a query that begins with `attempts_sql`.
std::optional<Attempt> attempt_in(Statement& row) {
  if (!row.step()) return std::nullopt;
  return Attempt{row.integer(0), row.text(1), row.integer(2), row.integer(3),
                 row.text(4),    row.text(5), row.text(6),    text_or_none(row, 7)};
}

std::vector<std::pair<std::string, std::string>> axes_at(const Store& store,
                                                         std::int64_t experiment,
                                                         std::int64_t position) {
  Statement rows(connection_of(store),
                 "SELECT a.name, v.value FROM cell_axis x JOIN axis a USING(axis_id) "
                 "JOIN axis_value v USING(value_id) WHERE x.experiment_id = ? AND x.position = ? "
                 "ORDER BY a.axis_id");
  rows.bind_all(experiment, position);
  std::vector<std::pair<std::string, std::string>> axes;
  while (rows.step())
    axes.emplace_back(rows.text(0), rows.text(1));
  return axes;
}

}  // namespace

std::optional<NamedRun> run_numbered(const Store& store, std::int64_t number) {
  Statement row(connection_of(store),
                "SELECT r.cell_id, c.key FROM run r JOIN cell c USING(cell_id) WHERE r.run_id = ?");
  row.bind_all(number);
  if (!row.step()) return std::nullopt;
  return NamedRun{row.integer(0), number, row.text(1)};
}

std::vector<NamedRun> cells_beginning(const Store& store, const std::string& key) {
  Statement rows(connection_of(store),
                 "SELECT cell_id, key FROM cell WHERE key >= ?1 AND key < ?1 || 'g' AND EXISTS "
                 "(SELECT 1 FROM run WHERE run.cell_id = cell.cell_id) LIMIT 6");
  rows.bind_all(key);
  std::vector<NamedRun> found;
  while (rows.step())
    found.push_back({rows.integer(0), 0, rows.text(1)});
  return found;
}

std::optional<Attempt> find_attempt(const Store& store, std::int64_t cell, std::int64_t run,
                                    std::int64_t attempt) {
  Statement row(connection_of(store),
                attempts_sql +
                    "WHERE r.cell_id = ?1 AND (?2 = 0 OR r.run_id = ?2) AND "
                    "(?3 = 0 OR r.attempt = ?3) ORDER BY r.attempt DESC LIMIT 1");
  row.bind_all(cell, run, attempt);
  return attempt_in(row);
}

std::optional<Attempt> last_attempt(const Store& store, const std::string& cell_key) {
  Statement row(connection_of(store),
                attempts_sql + "WHERE c.key = ? ORDER BY r.attempt DESC LIMIT 1");
  row.bind_all(cell_key);
  return attempt_in(row);
}

std::optional<RunOrigin> origin_of(const Store& store, std::int64_t cell, std::int64_t run) {
  Statement row(connection_of(store),
                "SELECT r.run_id, r.attempt, r.state, c.key, r.log, c.identity, p.facts, "
                "e.name, e.file, e.overrides, m.experiment_id, m.position FROM run r "
                "JOIN cell c USING(cell_id) JOIN provenance p USING(provenance_id) "
                "LEFT JOIN experiment_cell m USING(cell_id) "
                "LEFT JOIN experiment e USING(experiment_id) "
                "WHERE r.cell_id = ?1 AND (?2 = 0 OR r.run_id = ?2) "
                "ORDER BY r.state = 'ok' DESC, r.attempt DESC, e.latest DESC, "
                "e.experiment_id DESC, m.position LIMIT 1");
  row.bind_all(cell, run);
  if (!row.step()) return std::nullopt;
  const auto where = "run " + row.text(0);
  RunOrigin origin{.run = row.integer(0),
                   .attempt = row.integer(1),
                   .state = row.text(2),
                   .key = row.text(3),
                   .log = text_or_none(row, 4),
                   .identity = row.json(5, "identity of the cell of " + where),
                   .provenance = row.json(6, "provenance of " + where)};
  if (row.is_null(10)) return origin;
  origin.experiment = row.text(7);
  origin.file = row.text(8);
  origin.overrides = row.json(9, "overrides of experiment '" + origin.experiment + "'")
                         .get<std::vector<std::string>>();
  origin.axes = axes_at(store, row.integer(10), row.integer(11));
  return origin;
}

std::vector<ImportedCell> imported_cells(const Store& store, std::int64_t revision) {
  Statement rows(connection_of(store),
                 "SELECT m.encoder, m.task, m.seed, c.key, c.identity FROM experiment_cell m "
                 "JOIN cell c USING(cell_id) WHERE m.experiment_id = ? AND "
                 "json_extract(c.identity, '$.imported') IS NOT NULL ORDER BY m.position");
  rows.bind_all(revision);
  std::vector<ImportedCell> cells;
  while (rows.step())
    cells.push_back({rows.text(0), rows.text(1), rows.integer(2), rows.text(3),
                     rows.json(4, "identity of cell " + rows.text(3))});
  return cells;
}

std::set<std::string> finished_keys(const Store& store, const std::string& experiment) {
  Statement rows(
      connection_of(store),
      "SELECT DISTINCT c.key FROM experiment e JOIN experiment_cell m USING(experiment_id) "
      "JOIN run r ON r.cell_id = m.cell_id AND r.state = 'ok' "
      "JOIN cell c ON c.cell_id = m.cell_id AND c.split = 'test' WHERE e.name = ?");
  rows.bind_all(experiment);
  std::set<std::string> keys;
  while (rows.step())
    keys.insert(rows.text(0));
  return keys;
}

}  // namespace earshot::host
