#include "host/store/metric_values.hpp"

#include <limits>

#include "host/store/inside.hpp"

namespace earshot::host {

std::vector<MeanMetric> mean_metrics(const Store& store, const std::string& experiment) {
  // Metrics are looked up one by one, by key: the view `result` would read all slices of all runs.
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

std::vector<SliceScore> slice_scores(const Store& store, std::int64_t revision) {
  Statement rows(connection_of(store),
                 "SELECT m.position, s.dimension, s.name, d.name, d.unit, "
                 "d.name = c.primary_metric, d.higher_is_better, v.value, v.n, v.ci_low, v.ci_high "
                 "FROM experiment_cell m "
                 "CROSS JOIN cell c ON c.cell_id = m.cell_id AND c.split = 'test' "
                 "CROSS JOIN run r ON r.cell_id = m.cell_id AND r.state = 'ok' "
                 "CROSS JOIN metric_definition d "
                 "  ON d.name IN (c.primary_metric, 'chance', 'majority') "
                 "CROSS JOIN metric v ON v.run_id = r.run_id AND v.metric_id = d.metric_id "
                 "CROSS JOIN slice s ON s.slice_id = v.slice_id "
                 "WHERE m.experiment_id = ? AND (d.name = c.primary_metric OR s.dimension = 'all') "
                 "ORDER BY m.position, s.dimension <> 'all', s.dimension, s.name, d.name");
  rows.bind_all(revision);
  const auto number = [&](int column) {
    return rows.is_null(column) ? std::nullopt : std::optional(rows.real(column));
  };
  std::vector<SliceScore> scores;
  while (rows.step())
    scores.push_back({.position = rows.integer(0),
                      .dimension = rows.text(1),
                      .slice = rows.text(2),
                      .metric = rows.text(3),
                      .unit = rows.text(4),
                      .primary = rows.integer(5) != 0,
                      .higher_is_better = rows.integer(6) != 0,
                      .value = number(7),
                      .n = rows.integer(8),
                      .low = number(9),
                      .high = number(10)});
  return scores;
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

std::optional<RecordedScore> score_of(const Store& store, std::int64_t run,
                                      const std::string& metric, const std::string& dimension,
                                      const std::string& slice) {
  Statement row(connection_of(store),
                "SELECT v.value, v.n, b.packed, coalesce(v.no_interval, '') FROM metric v "
                "CROSS JOIN metric_definition d ON d.metric_id = v.metric_id AND d.name = ? "
                "CROSS JOIN slice s ON s.slice_id = v.slice_id AND s.dimension = ? AND s.name = ? "
                "LEFT JOIN contribution b ON b.run_id = v.run_id AND b.metric_id = v.metric_id "
                "  AND b.slice_id = v.slice_id WHERE v.run_id = ?");
  row.bind_all(metric, dimension, slice, run);
  if (!row.step()) return std::nullopt;
  RecordedScore score{
      .value = row.is_null(0) ? std::numeric_limits<double>::quiet_NaN() : row.real(0),
      .n = row.integer(1),
      .no_interval = row.text(3)};
  if (!row.is_null(2)) score.influences = row.bytes(2);
  return score;
}

std::optional<MetricDefinition> definition_of(const Store& store, std::int64_t run,
                                              const std::string& metric) {
  Statement row(connection_of(store),
                "SELECT d.kind, d.unit, d.higher_is_better, d.version FROM metric v "
                "CROSS JOIN metric_definition d ON d.metric_id = v.metric_id AND d.name = ? "
                "WHERE v.run_id = ? LIMIT 1");
  row.bind_all(metric, run);
  if (!row.step()) return std::nullopt;
  return MetricDefinition{row.text(0), row.text(1), row.integer(2) == 1, row.integer(3)};
}

std::vector<std::string> metric_names(const Store& store, std::int64_t revision) {
  Statement rows(connection_of(store),
                 "SELECT DISTINCT d.name FROM experiment_cell m "
                 "CROSS JOIN run r ON r.cell_id = m.cell_id AND r.state = 'ok' "
                 "CROSS JOIN metric v ON v.run_id = r.run_id "
                 "CROSS JOIN metric_definition d ON d.metric_id = v.metric_id "
                 "WHERE m.experiment_id = ? ORDER BY d.name");
  rows.bind_all(revision);
  std::vector<std::string> names;
  while (rows.step())
    names.push_back(rows.text(0));
  return names;
}

}  // namespace earshot::host
