#include "host/store/exported_runs.hpp"

#include "host/store/inside.hpp"

namespace earshot::host {
namespace {

const char* const exported_runs_sql =
    "SELECT s.position, s.cell_key, s.encoder, s.dataset, s.task, s.mapper, s.language_model, "
    "s.variant, m.weights, s.seed, s.fold, d.key, m.pretrain_data, s.state, s.error, "
    "coalesce(s.run_id, 0), coalesce(s.started_ms, 0), coalesce(s.ended_ms, 0), r.seconds "
    "FROM experiment e "
    "JOIN cell_state s ON s.experiment = e.name "
    "JOIN experiment_cell m ON m.experiment_id = e.experiment_id AND m.position = s.position "
    "LEFT JOIN cell c ON c.cell_id = m.cell_id "
    "LEFT JOIN dataset d ON d.dataset_id = c.dataset_id "
    "LEFT JOIN run r ON r.run_id = s.run_id "
    "WHERE e.name = ?1 AND e.latest = 1 AND s.split = 'test' ORDER BY s.position";

const char* const run_scores_sql =
    "SELECT s.dimension, s.name, d.name, d.name = c.primary_metric, d.higher_is_better, v.value, "
    "coalesce(v.nonfinite, ''), v.n, v.ci_low, v.ci_high "
    "FROM metric v "
    "JOIN metric_definition d ON d.metric_id = v.metric_id "
    "JOIN slice s ON s.slice_id = v.slice_id "
    "JOIN run r ON r.run_id = v.run_id "
    "JOIN cell c ON c.cell_id = r.cell_id "
    "WHERE v.run_id = ? ORDER BY s.dimension <> 'all', s.dimension, s.name, d.name, d.metric_id";

std::optional<double> real_or_none(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.real(column));
}

}  // namespace

std::vector<ExportedRun> exported_runs(const Store& store, const std::string& experiment) {
  Statement rows(connection_of(store), exported_runs_sql);
  rows.bind_all(experiment);
  std::vector<ExportedRun> runs;
  while (rows.step()) {
    ExportedRun run;
    run.position = rows.integer(0);
    run.cell_key = rows.text(1);
    run.encoder = rows.text(2);
    run.dataset = rows.text(3);
    run.task = rows.text(4);
    run.mapper = rows.text(5);
    run.language_model = rows.text(6);
    run.variant = rows.text(7);
    run.weights = rows.text(8);
    run.seed = rows.integer(9);
    run.fold = rows.integer(10);
    run.dataset_key = rows.text(11);
    run.pretrain_data = rows.json(
        12, "pretrain_data of cell " + std::to_string(run.position) + " of '" + experiment + "'");
    run.state = rows.text(13);
    run.error = rows.text(14);
    run.run = rows.integer(15);
    run.started_ms = rows.integer(16);
    run.ended_ms = rows.integer(17);
    run.seconds = real_or_none(rows, 18);
    runs.push_back(std::move(run));
  }
  return runs;
}

std::vector<RunScore> run_scores(const Store& store, std::int64_t run) {
  Statement rows(connection_of(store), run_scores_sql);
  rows.bind_all(run);
  std::vector<RunScore> scores;
  while (rows.step())
    scores.push_back({.dimension = rows.text(0),
                      .slice = rows.text(1),
                      .metric = rows.text(2),
                      .primary = rows.integer(3) == 1,
                      .higher_is_better = rows.integer(4) == 1,
                      .value = real_or_none(rows, 5),
                      .nonfinite = rows.text(6),
                      .n = rows.integer(7),
                      .low = real_or_none(rows, 8),
                      .high = real_or_none(rows, 9)});
  return scores;
}

}  // namespace earshot::host
