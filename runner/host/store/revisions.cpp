#include "host/store/revisions.hpp"

#include "host/store/inside.hpp"

namespace earshot::host {

std::optional<ExperimentFile> latest_file(const Store& store, const std::string& experiment) {
  Statement row(connection_of(store),
                "SELECT file, source, question, overrides FROM experiment "
                "WHERE name = ? AND latest = 1");
  row.bind_all(experiment);
  if (!row.step()) return std::nullopt;
  ExperimentFile known{.file = row.text(0), .source = row.text(1), .question = row.text(2)};
  for (const auto& text : row.json(3, "overrides of experiment '" + experiment + "'"))
    known.overrides.push_back(text.is_string() ? text.get<std::string>()
                                               : protocol::json_text(text));
  return known;
}

std::vector<Revision> revisions_of(const Store& store, const std::string& experiment) {
  Statement rows(connection_of(store),
                 "SELECT experiment_id, revision, latest, created_ms FROM experiment "
                 "WHERE name = ? ORDER BY experiment_id");
  rows.bind_all(experiment);
  std::vector<Revision> revisions;
  while (rows.step())
    revisions.push_back({rows.integer(0), rows.text(1), rows.integer(2) != 0, rows.integer(3)});
  return revisions;
}

ResolvedExperiment resolved_experiment(const Store& store, std::int64_t revision) {
  const auto& connection = connection_of(store);
  Statement row(connection, "SELECT name, resolved FROM experiment WHERE experiment_id = ?");
  row.bind_all(revision).step();
  const auto where = "experiment '" + row.text(0) + "'";
  return {row.text(0), row.json(1, where + ", column resolved"),
          where + " in " + connection.name()};
}

std::set<std::string> cell_keys(const Store& store, std::int64_t revision) {
  Statement rows(connection_of(store),
                 "SELECT c.key FROM experiment_cell m JOIN cell c USING(cell_id) "
                 "WHERE m.experiment_id = ?");
  rows.bind_all(revision);
  std::set<std::string> keys;
  while (rows.step())
    keys.insert(rows.text(0));
  return keys;
}

std::vector<std::string> experiment_names(const Store& store) {
  Statement rows(connection_of(store),
                 "SELECT name FROM experiment WHERE latest = 1 ORDER BY name");
  std::vector<std::string> names;
  while (rows.step())
    names.push_back(rows.text(0));
  return names;
}

std::vector<std::string> experiments_on(const Store& store, const std::string& dataset_key) {
  Statement rows(
      connection_of(store),
      "SELECT DISTINCT e.name FROM dataset d "
      "JOIN experiment_dataset x USING(dataset_id) JOIN experiment e USING(experiment_id) "
      "WHERE d.key = ? AND e.latest = 1 ORDER BY e.name");
  rows.bind_all(dataset_key);
  std::vector<std::string> names;
  while (rows.step())
    names.push_back(rows.text(0));
  return names;
}

Rows experiment_table(const Store& store) {
  return Rows(Statement(
      connection_of(store),
      "SELECT e.name AS experiment, "
      "(SELECT count(*) FROM experiment o WHERE o.name = e.name) AS revisions, "
      "(SELECT count(*) FROM experiment_cell m WHERE m.experiment_id = e.experiment_id) AS cells, "
      "(SELECT count(*) FROM experiment_cell m JOIN run r ON r.cell_id = m.cell_id AND "
      "r.state = 'ok' WHERE m.experiment_id = e.experiment_id) AS ok, "
      "strftime('%Y-%m-%d %H:%M', e.created_ms / 1000, 'unixepoch') AS first_seen_utc, e.file "
      "FROM experiment e WHERE e.latest = 1 ORDER BY e.name"));
}

Rows revision_table(const Store& store, const std::string& experiment) {
  Statement rows(
      connection_of(store),
      "SELECT row_number() OVER (ORDER BY e.experiment_id) AS revision, "
      "CASE e.latest WHEN 1 THEN 'yes' ELSE '' END AS latest, "
      "strftime('%Y-%m-%d %H:%M', e.created_ms / 1000, 'unixepoch') AS first_seen_utc, "
      "(SELECT count(*) FROM experiment_cell m WHERE m.experiment_id = e.experiment_id) AS cells, "
      "(SELECT count(*) FROM experiment_cell m JOIN run r ON r.cell_id = m.cell_id AND "
      "r.state = 'ok' WHERE m.experiment_id = e.experiment_id) AS ok, e.file "
      "FROM experiment e WHERE e.name = ? ORDER BY e.experiment_id");
  rows.bind_all(experiment);
  return Rows(std::move(rows));
}

}  // namespace earshot::host
