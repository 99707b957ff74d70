#include "host/base/failure.hpp"
#include "host/store/store.hpp"

// Operations on whole experiments of a results file.

namespace earshot::host {

void Store::rename_experiment(const std::string& name, const std::string& to) {
  require_experiment(name);
  if (experiment(to))
    throw Failure(ExitCode::usage, file_.string() + ": already has an experiment '" + to +
                                       "'; choose another name, or remove that one first");
  Transaction transaction(connection_);
  Statement(connection_, "UPDATE experiment SET name = ? WHERE name = ?").run(to, name);
  transaction.commit();
}

RemovedExperiment Store::remove_experiment(const std::string& name) {
  require_experiment(name);
  RemovedExperiment removed;
  Transaction transaction(connection_);
  const auto count = [&](const char* sql) {
    Statement row(connection_, sql);
    row.bind_all(name).step();
    return row.integer(0);
  };
  removed.revisions = count("SELECT count(*) FROM experiment WHERE name = ?");
  const auto all = count(
      "SELECT count(DISTINCT cell_id) FROM experiment_cell JOIN experiment USING(experiment_id) "
      "WHERE name = ?");
  // Cells that only this experiment has.
  connection_.execute(
      "CREATE TEMP TABLE IF NOT EXISTS lone(cell_id INTEGER PRIMARY KEY);"
      "DELETE FROM lone");
  Statement(connection_,
            "INSERT INTO lone SELECT DISTINCT m.cell_id FROM experiment_cell m "
            "JOIN experiment e USING(experiment_id) WHERE e.name = ?1 AND m.cell_id IS NOT NULL "
            "AND NOT EXISTS "
            "(SELECT 1 FROM experiment_cell o JOIN experiment f USING(experiment_id) "
            "WHERE o.cell_id = m.cell_id AND f.name <> ?1)")
      .run(name);
  removed.cells = connection_.integer("SELECT count(*) FROM lone");
  removed.shared = all - removed.cells;
  const auto lost = lost_runs();
  {
    Statement running(connection_,
                      "SELECT run_id FROM run WHERE state = 'running' AND cell_id IN lone");
    while (running.step())
      if (!lost.contains(running.integer(0)))
        throw Failure(ExitCode::usage, file_.string() + ": experiment '" + name +
                                           "' is running; wait for that runner or end it");
  }
  removed.runs = connection_.integer("SELECT count(*) FROM run WHERE cell_id IN lone");
  connection_.execute("DELETE FROM run WHERE cell_id IN lone");
  Statement(connection_, "DELETE FROM experiment WHERE name = ?").run(name);
  connection_.execute(
      "DELETE FROM cell WHERE cell_id IN lone;"
      "DELETE FROM dataset WHERE NOT EXISTS (SELECT 1 FROM cell WHERE cell.dataset_id = "
      "dataset.dataset_id) AND NOT EXISTS (SELECT 1 FROM experiment_dataset x WHERE x.dataset_id = "
      "dataset.dataset_id);"
      "DROP TABLE lone");
  transaction.commit();
  return removed;
}

}  // namespace earshot::host
