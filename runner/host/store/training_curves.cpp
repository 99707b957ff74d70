#include "host/store/training_curves.hpp"

#include <limits>

#include "host/store/inside.hpp"

namespace earshot::host {
namespace {

const char* const pretraining_sql =
    "SELECT -1, coalesce(json_extract(t.facts, '$.label'), substr(t.key, 1, 12)), t.state, v.name, "
    "v.step, v.value FROM stage t CROSS JOIN stage_curve v ON v.stage_id = t.stage_id "
    "WHERE t.kind = 'pretrain' AND EXISTS (SELECT 1 FROM run_stage x "
    "  CROSS JOIN run r ON r.run_id = x.run_id "
    "  CROSS JOIN experiment_cell m ON m.cell_id = r.cell_id "
    "  WHERE x.stage_id = t.stage_id AND m.experiment_id = ?) ORDER BY t.stage_id, v.name, v.step";

const char* const cells_sql =
    "SELECT m.position, '', r.state, v.name, v.step, v.value FROM experiment_cell m "
    "CROSS JOIN run r ON r.run_id = coalesce("
    "  (SELECT o.run_id FROM run o WHERE o.cell_id = m.cell_id AND o.state = 'ok'), "
    "  (SELECT max(o.run_id) FROM run o WHERE o.cell_id = m.cell_id)) "
    "CROSS JOIN curve v ON v.run_id = r.run_id WHERE m.experiment_id = ? "
    "ORDER BY m.position, v.name, v.step";

void append_curves(std::vector<TrainingCurve>& curves, Statement rows, std::int64_t revision) {
  rows.bind_all(revision);
  while (rows.step()) {
    const auto position = rows.integer(0);
    const auto trained = rows.text(1), name = rows.text(3);
    if (curves.empty() || curves.back().position != position || curves.back().trained != trained ||
        curves.back().name != name)
      curves.push_back(
          {.position = position, .trained = trained, .state = rows.text(2), .name = name});
    curves.back().points.emplace_back(
        rows.integer(4), rows.is_null(5) ? std::numeric_limits<double>::quiet_NaN() : rows.real(5));
  }
}

}  // namespace

std::vector<TrainingCurve> training_curves(const Store& store, std::int64_t revision) {
  std::vector<TrainingCurve> curves;
  append_curves(curves, Statement(connection_of(store), pretraining_sql), revision);
  append_curves(curves, Statement(connection_of(store), cells_sql), revision);
  return curves;
}

}  // namespace earshot::host
