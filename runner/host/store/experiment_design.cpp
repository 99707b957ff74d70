#include "host/store/experiment_design.hpp"

#include <unordered_map>

#include "host/store/inside.hpp"

namespace earshot::host {
namespace {

std::vector<DesignCell> cells_without_axes(const Store& store, std::int64_t revision) {
  Statement rows(
      connection_of(store),
      "SELECT m.position, m.seed, m.fold, coalesce(r.run_id, 0), coalesce(c.dataset_id, 0), "
      "coalesce(c.key, ''), coalesce(c.primary_metric, ''), coalesce(json_extract(c.identity, "
      "'$.evaluator.options.scorer'), ''), "
      "coalesce(json_extract(c.identity, '$.evaluator.component'), ''), "
      "coalesce(json_extract(c.identity, '$.evaluator.plugin'), "
      "         json_extract(c.identity, '$.evaluator.version'), ''), "
      "coalesce(json_extract(c.identity, '$.audio'), ''), "
      "coalesce(json_extract(c.identity, '$.audio_version'), ''), coalesce(p.device, ''), "
      "json_type(c.identity, '$.encoder') = 'null' AND "
      "json_type(c.identity, '$.imported') IS NULL, coalesce(m.skipped, ''), "
      "coalesce(json_extract(c.identity, '$.encoder.component'), ''), m.weights, "
      "coalesce(c.target, '') "
      "FROM experiment_cell m "
      "LEFT JOIN cell c ON c.cell_id = m.cell_id "
      "LEFT JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' "
      "LEFT JOIN provenance p ON p.provenance_id = r.provenance_id "
      "WHERE m.experiment_id = ? AND coalesce(c.split, 'test') = 'test' ORDER BY m.position");
  rows.bind_all(revision);
  std::vector<DesignCell> cells;
  while (rows.step()) {
    auto& cell = cells.emplace_back();
    cell.position = rows.integer(0);
    cell.seed = rows.integer(1);
    cell.fold = rows.integer(2);
    cell.run = rows.integer(3);
    cell.dataset_id = rows.integer(4);
    cell.key = rows.text(5);
    cell.primary = rows.text(6);
    cell.scorer = rows.text(7);
    cell.evaluator = rows.text(8);
    cell.build = rows.text(9);
    // An imported cell used no audio here.
    if (!rows.text(11).empty()) cell.audio = rows.text(10) + " of version " + rows.text(11);
    cell.device = rows.text(12);
    cell.hears_nothing = rows.integer(13) == 1;
    cell.skipped = rows.text(14);
    cell.component = rows.text(15);
    cell.weights = rows.text(16);
    cell.target = rows.text(17);
  }
  return cells;
}

}  // namespace

std::vector<DesignCell> design_cells(const Store& store, std::int64_t revision) {
  auto cells = cells_without_axes(store, revision);
  std::unordered_map<std::int64_t, DesignCell*> places;
  for (auto& cell : cells)
    places.emplace(cell.position, &cell);
  Statement rows(connection_of(store),
                 "SELECT x.position, a.name, v.value FROM cell_axis x "
                 "CROSS JOIN axis a ON a.axis_id = x.axis_id "
                 "CROSS JOIN axis_value v ON v.value_id = x.value_id "
                 "WHERE x.experiment_id = ? AND a.name NOT IN ('seed', 'fold')");
  rows.bind_all(revision);
  while (rows.step())
    if (const auto cell = places.find(rows.integer(0)); cell != places.end())
      cell->second->axes[rows.text(1)] = rows.text(2);
  return cells;
}

Json cell_identity(const Store& store, const std::string& key) {
  Statement row(connection_of(store), "SELECT identity FROM cell WHERE key = ?");
  row.bind_all(key);
  return row.step() ? row.json(0, "identity of cell " + key) : Json();
}

std::string dataset_key(const Store& store, std::int64_t dataset_id) {
  Statement row(connection_of(store), "SELECT key FROM dataset WHERE dataset_id = ?");
  row.bind_all(dataset_id);
  return row.step() ? row.text(0) : std::string();
}

std::vector<TestRun> test_runs(const Store& store, const std::string& dataset_key,
                               const std::string& experiment, const std::string& dataset_label) {
  Statement rows(connection_of(store),
                 "SELECT e.name, m.task, m.mapper, m.language_model, m.variant, m.encoder, m.seed, "
                 "m.fold, r.run_id, c.dataset_id FROM experiment_cell m "
                 "JOIN experiment e ON e.experiment_id = m.experiment_id "
                 "JOIN cell c ON c.cell_id = m.cell_id AND c.split = 'test' "
                 "JOIN dataset d ON d.dataset_id = c.dataset_id "
                 "JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' "
                 "WHERE d.key = ? OR (e.name = ? AND m.dataset = ?)");
  rows.bind_all(dataset_key, experiment, dataset_label);
  std::vector<TestRun> runs;
  while (rows.step())
    runs.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4),
                    rows.text(5), rows.integer(6), rows.integer(7), rows.integer(8),
                    rows.integer(9)});
  return runs;
}

std::vector<EncoderWeights> encoder_weights(const Store& store, std::int64_t revision) {
  Statement rows(connection_of(store),
                 "SELECT encoder, weights, max(pretrain_data), "
                 "json_group_array(DISTINCT dataset) FILTER (WHERE in_domain = 1) "
                 "FROM experiment_cell WHERE experiment_id = ? "
                 "GROUP BY encoder, weights HAVING weights <> '' OR max(pretrain_data) IS NOT NULL "
                 "ORDER BY min(position)");
  rows.bind_all(revision);
  std::vector<EncoderWeights> all;
  while (rows.step())
    all.push_back({rows.text(0), rows.text(1), rows.json(2, "pretrain_data of " + rows.text(0)),
                   rows.json(3, "datasets of " + rows.text(0))});
  return all;
}

std::vector<AnswerOrigins> answer_origins(const Store& store, std::int64_t revision) {
  Statement rows(connection_of(store),
                 "SELECT x.label, json_extract(d.info, '$.slices.' || "
                 "json_extract(d.info, '$.slice_roles.answer_origin')) "
                 "FROM experiment_dataset x JOIN dataset d ON d.dataset_id = x.dataset_id "
                 "WHERE x.experiment_id = ? ORDER BY x.label");
  rows.bind_all(revision);
  std::vector<AnswerOrigins> all;
  while (rows.step())
    if (!rows.is_null(1)) all.push_back({rows.text(0), rows.json(1, "dataset " + rows.text(0))});
  return all;
}

}  // namespace earshot::host
