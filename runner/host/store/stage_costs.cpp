#include "host/store/stage_costs.hpp"

#include "host/store/inside.hpp"

namespace earshot::host {

std::map<std::string, std::string> owners_of_cached(const Store& store) {
  Statement rows(connection_of(store),
                 "SELECT iif(s.kind = 'pretrain', s.key, json_extract(s.facts, '$.key')), "
                 "coalesce(json_extract(s.facts, '$.label'), group_concat(DISTINCT m.encoder)) "
                 "FROM stage s JOIN run_stage x USING(stage_id) JOIN run r USING(run_id) "
                 "JOIN experiment_cell m USING(cell_id) WHERE s.kind IN ('pretrain', 'features') "
                 "GROUP BY 1 UNION ALL SELECT key, 'audio of ' || component FROM dataset");
  std::map<std::string, std::string> names;
  while (rows.step())
    names[rows.text(0)] = rows.text(1);
  return names;
}

std::set<std::string> pretraining_in_use(const Store& store) {
  Statement rows(connection_of(store),
                 "SELECT DISTINCT s.key FROM stage s JOIN run_stage USING(stage_id) "
                 "WHERE s.kind = 'pretrain'");
  std::set<std::string> keys;
  while (rows.step())
    keys.insert(rows.text(0));
  return keys;
}

bool is_done(const Store& store, const std::string& stage_key) {
  Statement row(connection_of(store), "SELECT 1 FROM stage WHERE key = ? AND state = 'ok'");
  row.bind_all(stage_key);
  return row.step();
}

std::map<std::string, CellCost> cell_costs(const Store& store, const std::string& experiment) {
  Statement rows(connection_of(store),
                 "SELECT key, seconds, parameters, real_time_factor, frames_per_second, "
                 "bits_per_second, effective_rank, peak_bytes FROM cost "
                 "WHERE experiment = ? AND kind = 'cell'");
  rows.bind_all(experiment);
  const auto number = [&](int column) {
    return rows.is_null(column) ? std::nullopt : std::optional(rows.real(column));
  };
  const auto count = [&](int column) {
    return rows.is_null(column) ? std::nullopt : std::optional(rows.integer(column));
  };
  std::map<std::string, CellCost> costs;
  while (rows.step())
    costs[rows.text(0)] = {.seconds = rows.real(1),
                           .parameters = count(2),
                           .real_time_factor = number(3),
                           .frames_per_second = number(4),
                           .bits_per_second = number(5),
                           .effective_rank = number(6),
                           .peak_bytes = count(7)};
  return costs;
}

std::map<std::string, Cost> costs_by_task(const Store& store) {
  Statement rows(connection_of(store),
                 "SELECT task, sum(seconds), count(*) FROM experiment_cell JOIN run USING(cell_id) "
                 "WHERE state = 'ok' AND seconds IS NOT NULL GROUP BY task");
  std::map<std::string, Cost> costs;
  while (rows.step())
    costs[rows.text(0)] = {rows.real(1), rows.integer(2)};
  return costs;
}

}  // namespace earshot::host
