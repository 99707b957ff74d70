#include "host/store/metric_values.hpp"

#include "host/store/inside.hpp"

namespace earshot::host {

std::vector<MeanMetric> mean_metrics(const Store& store, const std::string& experiment) {
  // Looked up by key, metric by metric: the view `result` would read all slices of all runs.
  Statement rows(
      connection_of(store),
      "SELECT m.task, m.mapper, m.language_model, m.variant, m.encoder, d.name, avg(v.value), "
      "d.name = c.primary_metric "
      "FROM experiment e CROSS JOIN experiment_cell m ON m.experiment_id = e.experiment_id "
      "CROSS JOIN cell c ON c.cell_id = m.cell_id AND c.split = 'test' "
      "CROSS JOIN run r ON r.cell_id = m.cell_id AND r.state = 'ok' "
      "CROSS JOIN metric_definition d ON d.name IN (c.primary_metric, 'chance', 'majority') "
      "CROSS JOIN metric v ON v.run_id = r.run_id AND v.metric_id = d.metric_id AND v.slice_id = "
      "(SELECT slice_id FROM slice WHERE dimension = 'all' AND name = 'all') "
      "WHERE e.name = ? AND e.latest = 1 AND v.value IS NOT NULL "
      "GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY min(m.position)");
  rows.bind_all(experiment);
  std::vector<MeanMetric> means;
  while (rows.step())
    means.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4),
                     rows.text(5), rows.real(6), rows.integer(7) != 0});
  return means;
}

std::optional<double> overall_value(const Store& store, const std::string& cell_key,
                                    const std::string& metric) {
  Statement row(connection_of(store),
                "SELECT v.value FROM cell c JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' "
                "JOIN metric v ON v.run_id = r.run_id "
                "JOIN metric_definition d ON d.metric_id = v.metric_id AND d.name = ? "
                "JOIN slice s ON s.slice_id = v.slice_id AND s.dimension = 'all' "
                "WHERE c.key = ?");
  row.bind_all(metric, cell_key);
  if (!row.step() || row.is_null(0)) return std::nullopt;
  return row.real(0);
}

}  // namespace earshot::host
