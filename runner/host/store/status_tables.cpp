#include "host/store/status_tables.hpp"

#include <algorithm>

#include "host/store/inside.hpp"
#include "host/store/queries.hpp"

namespace earshot::host {
namespace {

Rows table_of(const Store& store, const std::string& sql, const std::string& experiment) {
  Statement rows(connection_of(store), sql);
  rows.bind_all(experiment);
  return Rows(std::move(rows));
}

Rows ready_made(const Store& store, const std::string& name, const std::string& experiment) {
  const auto& queries = named_queries();
  const auto query = std::find_if(queries.begin(), queries.end(),
                                  [&](const auto& known) { return known.name == name; });
  return table_of(store, query->sql, experiment);  // their first parameter
}

}  // namespace

std::vector<CellState> cell_states(const Store& store, const std::string& experiment) {
  Statement rows(connection_of(store),
                 "SELECT experiment, encoder, state, run_id, position, error, started_ms, ended_ms "
                 "FROM cell_state "
                 "WHERE ?1 = '' OR experiment = ?1 ORDER BY experiment, position");
  rows.bind_all(experiment);
  std::vector<CellState> states;
  while (rows.step())
    states.push_back({rows.text(0), rows.text(1), rows.text(2), rows.integer(3), rows.integer(4),
                      rows.text(5), rows.integer(6), rows.integer(7)});
  return states;
}

Rows cell_table(const Store& store, const std::string& experiment) {
  return table_of(store,
                  "SELECT substr(cell_key, 1, 12) AS cell, encoder, task, mapper, language_model, "
                  "variant, seed, fold, split, state, attempts, run_id AS run FROM cell_state "
                  "WHERE experiment = ? ORDER BY position",
                  experiment);
}

Rows encoder_table(const Store& store, const std::string& experiment) {
  return ready_made(store, "encoders", experiment);
}

Rows training_table(const Store& store, const std::string& experiment) {
  return ready_made(store, "training", experiment);
}

Rows skipped_table(const Store& store, const std::string& experiment) {
  return table_of(store,
                  "SELECT count(*) AS cells, group_concat(DISTINCT encoder) AS encoder, "
                  "group_concat(DISTINCT task) AS task, error AS why FROM failure "
                  "WHERE experiment = ? AND state = 'skipped' GROUP BY error ORDER BY 1 DESC",
                  experiment);
}

Rows failure_table(const Store& store, const std::string& experiment, std::int64_t most) {
  Statement rows(connection_of(store),
                 "SELECT cell, encoder, task, seed, fold, state, attempts, error FROM failure "
                 "WHERE experiment = ? AND state <> 'skipped' ORDER BY run_id DESC LIMIT ?");
  rows.bind_all(experiment, most);
  return Rows(std::move(rows));
}

std::int64_t failed_cells(const Store& store, const std::string& experiment) {
  Statement row(connection_of(store),
                "SELECT count(*) FROM failure WHERE experiment = ? AND state <> 'skipped'");
  row.bind_all(experiment).step();
  return row.integer(0);
}

Rows latest_scores(const Store& store, const std::string& experiment, std::int64_t most) {
  // Only the metrics of these cells are read, however many there are.
  Statement rows(connection_of(store),
                 "WITH newest AS (SELECT position, ended_ms FROM cell_state WHERE experiment = ?1 "
                 "AND state = 'ok' AND split = 'test' ORDER BY ended_ms DESC, position LIMIT ?2) "
                 "SELECT v.encoder, v.task, v.mapper, v.language_model, v.variant, v.seed, v.fold, "
                 "v.metric, v.value, v.ci_low, v.ci_high, v.n FROM newest w CROSS JOIN result v "
                 "WHERE v.experiment = ?1 AND v.position = w.position AND v.is_primary "
                 "AND v.slice_dimension = 'all' ORDER BY w.ended_ms DESC, v.position");
  rows.bind_all(experiment, most);
  return Rows(std::move(rows));
}

Rows warning_table(const Store& store, const std::string& experiment) {
  return table_of(store,
                  "SELECT substr(cell_key, 1, 12) AS cell, encoder, task, seed, fold, "
                  "error AS warning FROM cell_state WHERE experiment = ? AND state = 'ok' "
                  "AND error_kind = 'warning' ORDER BY position",
                  experiment);
}

Rows cost_table(const Store& store, const std::string& experiment) {
  return ready_made(store, "cost", experiment);
}

}  // namespace earshot::host
