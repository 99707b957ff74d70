#include "host/store/circumstances.hpp"

#include "host/store/inside.hpp"

namespace earshot::host {

std::vector<Circumstances> circumstances_of(const Store& store, std::int64_t revision) {
  Statement rows(connection_of(store),
                 "SELECT p.provenance_id, p.facts, count(DISTINCT r.run_id) FROM experiment_cell m "
                 "CROSS JOIN run r ON r.cell_id = m.cell_id AND r.state = 'ok' "
                 "CROSS JOIN provenance p ON p.provenance_id = r.provenance_id "
                 "WHERE m.experiment_id = ? GROUP BY p.provenance_id ORDER BY 3 DESC, 1");
  rows.bind_all(revision);
  std::vector<Circumstances> all;
  while (rows.step())
    all.push_back({rows.json(1, "provenance " + rows.text(0)), rows.integer(2)});
  return all;
}

Rows dataset_table(const Store& store, std::int64_t revision) {
  Statement rows(connection_of(store),
                 "SELECT x.label AS dataset, d.component, d.items, d.train, d.validation, d.test, "
                 "d.rows_left_out, d.files_left_out, d.key FROM experiment_dataset x "
                 "JOIN dataset d ON d.dataset_id = x.dataset_id "
                 "WHERE x.experiment_id = ? ORDER BY x.label, d.dataset_id");
  rows.bind_all(revision);
  return Rows(std::move(rows));
}

}  // namespace earshot::host
