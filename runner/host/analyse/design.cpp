#include "host/analyse/design.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

/// Cells without their axes.
std::vector<DesignCell> read_cells(const Store& store, std::int64_t experiment) {
  Statement rows(
      store.connection(),
      "SELECT m.position, m.seed, m.fold, coalesce(r.run_id, 0), coalesce(c.dataset_id, 0), "
      "coalesce(c.key, ''), coalesce(c.primary_metric, ''), coalesce(json_extract(c.identity, "
      "'$.evaluator.options.scorer'), ''), "
      "coalesce(json_extract(c.identity, '$.evaluator.component'), ''), "
      "coalesce(json_extract(c.identity, '$.evaluator.plugin'), "
      "         json_extract(c.identity, '$.evaluator.version'), ''), "
      "coalesce(json_extract(c.identity, '$.audio'), ''), "
      "coalesce(json_extract(c.identity, '$.audio_version'), ''), coalesce(p.device, ''), "
      "json_type(c.identity, '$.encoder') = 'null' AND "
      "json_type(c.identity, '$.imported') IS NULL, coalesce(m.skipped, '') "
      "FROM experiment_cell m "
      "LEFT JOIN cell c ON c.cell_id = m.cell_id "
      "LEFT JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' "
      "LEFT JOIN provenance p ON p.provenance_id = r.provenance_id "
      "WHERE m.experiment_id = ? AND coalesce(c.split, 'test') = 'test' ORDER BY m.position");
  rows.bind_all(experiment);
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
    // An imported cell heard nothing here.
    if (!rows.text(11).empty()) cell.audio = rows.text(10) + " of version " + rows.text(11);
    cell.device = rows.text(12);
    cell.hears_nothing = rows.integer(13) == 1;
    cell.skipped = rows.text(14);
  }
  return cells;
}

void read_axes(const Store& store, Design& design) {
  std::unordered_map<std::int64_t, DesignCell*> places;
  for (auto& cell : design.cells)
    places.emplace(cell.position, &cell);
  Statement rows(store.connection(),
                 "SELECT x.position, a.name, v.value FROM cell_axis x "
                 "CROSS JOIN axis a ON a.axis_id = x.axis_id "
                 "CROSS JOIN axis_value v ON v.value_id = x.value_id "
                 "WHERE x.experiment_id = ? AND a.name NOT IN ('seed', 'fold')");
  rows.bind_all(design.experiment);
  while (rows.step())
    if (const auto cell = places.find(rows.integer(0)); cell != places.end())
      cell->second->axes[rows.text(1)] = rows.text(2);
}

/// A cell that uses no encoder (a blind control) is the same for all of them. It keeps no value on
/// their axes, so that it is compared with each, and stands once.
void leave_out_encoders(Design& design) {
  const auto is_of_encoder = [](const auto& label) {
    return label.first == "encoder" || label.first.starts_with("encoder.");
  };
  std::set<std::pair<std::string, Labels>> seen;
  std::erase_if(design.cells, [&](DesignCell& cell) {
    if (!cell.hears_nothing) return false;
    std::erase_if(cell.axes, is_of_encoder);
    return !seen.insert({cell.key, cell.axes}).second;
  });
}

}  // namespace

std::vector<std::string> Design::axis_names() const {
  std::set<std::string> names;
  for (const auto& cell : cells)
    for (const auto& [axis, value] : cell.axes)
      names.insert(axis);
  return {names.begin(), names.end()};
}

std::vector<std::string> Design::axis_values(const std::string& axis) const {
  std::vector<std::string> values;
  std::set<std::string> seen;
  for (const auto& cell : cells)
    if (const auto found = cell.axes.find(axis);
        found != cell.axes.end() && seen.insert(found->second).second)
      values.push_back(found->second);
  return values;
}

std::vector<std::string> Design::partners(const DesignCell& cell, const std::string& axis) const {
  std::set<std::string> names;
  for (const auto& zip : claims.zips) {
    if (std::find(zip.begin(), zip.end(), axis) == zip.end()) continue;
    const bool whole = std::all_of(zip.begin(), zip.end(),
                                   [&](const auto& other) { return cell.axes.count(other) > 0; });
    if (whole) names.insert(zip.begin(), zip.end());
  }
  const auto task = cell.axes.find("task");
  const bool tied = task != cell.axes.end() && claims.tasks_with_dataset.count(task->second) > 0;
  if (tied && axis == "task") names.insert("dataset");
  if (tied && axis == "dataset") names.insert("task");
  names.erase(axis);
  return {names.begin(), names.end()};
}

Json recorded_json(const Store& store, const std::string& text, const std::string& where) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw Failure(ExitCode::store_unusable, store.connection().name() + ": " + where +
                                                " is not valid JSON: " + error.what() +
                                                ". 'runner db check' examines the file");
  }
}

RecordedClaims read_recorded_claims(const Store& store, std::int64_t experiment) {
  Statement row(store.connection(),
                "SELECT name, resolved FROM experiment WHERE experiment_id = ?");
  row.bind_all(experiment);
  row.step();
  const auto where = "experiment '" + row.text(0) + "'";
  return recorded_claims(recorded_json(store, row.text(1), where + ", column resolved"),
                         where + " in " + store.connection().name());
}

Design read_design(const Store& store, std::int64_t experiment) {
  Design design;
  Statement row(store.connection(), "SELECT name FROM experiment WHERE experiment_id = ?");
  row.bind_all(experiment);
  if (row.step()) design.name = row.text(0);
  design.experiment = experiment;
  design.claims = read_recorded_claims(store, experiment);
  design.cells = read_cells(store, experiment);
  read_axes(store, design);
  leave_out_encoders(design);
  return design;
}

}  // namespace earshot::host
