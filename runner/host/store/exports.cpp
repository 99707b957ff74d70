#include "host/store/exports.hpp"

#include "host/store/inside.hpp"

namespace earshot::host {
namespace {

const char* const results_sql =
    "SELECT experiment, cell_key, encoder, weights, pretrain_data, in_domain, dataset, gold_from, "
    "task, mapper, language_model, variant, seed, fold, slice_dimension, slice, metric, unit, "
    "value, nonfinite, n, ci_low, ci_high, "
    "no_interval FROM result WHERE experiment = ? ORDER BY position, slice_dimension, slice, "
    "metric";

const char* const metrics_sql =
    "SELECT DISTINCT c.key, s.dimension, s.name, d.name, d.version, v.value, v.nonfinite, v.n, "
    "v.ci_low, v.ci_high FROM experiment e "
    "CROSS JOIN experiment_cell m ON m.experiment_id = e.experiment_id "
    "CROSS JOIN cell c ON c.cell_id = m.cell_id "
    "CROSS JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' "
    "CROSS JOIN metric v ON v.run_id = r.run_id "
    "CROSS JOIN metric_definition d ON d.metric_id = v.metric_id "
    "CROSS JOIN slice s ON s.slice_id = v.slice_id "
    "WHERE e.name = ? AND e.latest = 1 ORDER BY 1, 2, 3, 4, 5";
const char* const marks_sql =
    "SELECT DISTINCT c.key, p.item, iif(p.number IS NULL, p.value, p.number), p.output, p.mark, "
    "p.marks FROM experiment e "
    "CROSS JOIN experiment_cell m ON m.experiment_id = e.experiment_id "
    "CROSS JOIN cell c ON c.cell_id = m.cell_id "
    "CROSS JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' "
    "CROSS JOIN prediction p ON p.run_id = r.run_id "
    "WHERE e.name = ? AND e.latest = 1 ORDER BY 1, 2";

// The columns after `groups` are not exported: they name what the scores refer to.
const std::string predictions_sql =
    "SELECT encoder, task, mapper, language_model, variant, seed, fold, cell_key, "
    "item_position AS position, item, question, choices, gold, value, output, correct, "
    "scores, answers, primary_metric, mark, marks, labels, slices, groups, candidates, target, "
    "dataset, run_id FROM answer WHERE experiment = ?1 ";
const std::string in_order = "ORDER BY answer.position, item_position";
// Knuth's multiplicative hash, so that what is drawn has no period.
const std::string of_one_cell =
    "AND answer.position = ?2 "
    "AND ((item_position * 2654435761) & 4294967295) % 1000003 % ?3 = 0 ";
constexpr int choices = 11, scores = 16, answers = 17, marks = 20, labels = 21, slices = 22,
              groups = 23, candidates = 24, target = 25, run = 27, written_columns = 24;

Rows rows_of(const Store& store, const char* sql, const std::string& experiment) {
  Statement rows(connection_of(store), sql);
  rows.bind_all(experiment);
  return Rows(std::move(rows));
}

/// The texts of a column that contains a list; empty if it contains something else.
std::vector<std::string> texts_in(const Statement& row, int column, const std::string& where) {
  const auto list = row.json(column, where);
  return list.is_array() ? list.get<std::vector<std::string>>() : std::vector<std::string>();
}

}  // namespace

Rows exported_results(const Store& store, const std::string& experiment) {
  return rows_of(store, results_sql, experiment);
}

Rows canonical_metrics(const Store& store, const std::string& experiment) {
  return rows_of(store, metrics_sql, experiment);
}

Rows canonical_predictions(const Store& store, const std::string& experiment) {
  return rows_of(store, marks_sql, experiment);
}

ExportedPredictions::ExportedPredictions(const Store& store, const std::string& sql,
                                         const std::string& experiment)
    : store_(&store), rows_(connection_of(store), sql) {
  rows_.bind_all(experiment);
}

ExportedPredictions::ExportedPredictions(const Store& store, const std::string& experiment)
    : ExportedPredictions(store, predictions_sql + in_order, experiment) {}

ExportedPredictions ExportedPredictions::of_cells(const Store& store,
                                                  const std::string& experiment) {
  ExportedPredictions predictions(store, predictions_sql + of_one_cell + in_order, experiment);
  predictions.rows_.bind(2, -1).bind(3, 1);
  return predictions;
}

void ExportedPredictions::choose(std::int64_t position, std::int64_t one_in) {
  rows_.reset();
  rows_.bind(2, position).bind(3, one_in);
}

std::vector<std::string> ExportedPredictions::columns() const {
  std::vector<std::string> names;
  for (int i = 0; i < written_columns; ++i)
    names.push_back(rows_.column_name(i));
  return names;
}

std::size_t ExportedPredictions::scores_column() const {
  return scores;
}

std::vector<std::size_t> ExportedPredictions::json_columns() const {
  return {choices, answers, marks, labels, slices, groups};
}

bool ExportedPredictions::next(ExportedPrediction& prediction) {
  if (!rows_.step()) return false;
  prediction.values.resize(written_columns);
  for (int i = 0; i < written_columns; ++i)
    prediction.values[static_cast<std::size_t>(i)] = i == scores ? Json() : rows_.value(i);
  prediction.scores = rows_.floats(scores);
  prediction.scored.clear();
  if (rows_.is_null(scores)) return true;
  const auto where = "item " + rows_.text(9) + " of run " + rows_.text(run);
  if (!rows_.is_null(candidates))
    prediction.scored = texts_in(rows_, candidates, "candidates of " + where);
  else if (!rows_.text(target).empty())
    prediction.scored = classes_of(rows_.integer(run));
  else
    prediction.scored = texts_in(rows_, choices, "choices of " + where);
  return true;
}

const std::vector<std::string>& ExportedPredictions::classes_of(std::int64_t run_id) {
  const auto [place, fresh] = classes_.try_emplace(run_id);
  if (!fresh) return place->second;
  Statement row(connection_of(*store_),
                "SELECT c.target, d.info FROM run r JOIN cell c USING(cell_id) "
                "JOIN dataset d USING(dataset_id) WHERE r.run_id = ?");
  row.bind_all(run_id).step();
  const auto info = row.json(1, "info of the dataset of run " + std::to_string(run_id))
                        .get<protocol::DatasetInfo>();
  for (const auto& label : info.labels)
    if (label.name == row.text(0)) place->second = label.classes;
  return place->second;
}

}  // namespace earshot::host
