#include "host/report/places.hpp"

#include "host/analyse/conditions.hpp"

namespace earshot::host {
namespace {

bool is_axis_of_encoder(const std::string& axis) {
  return axis == "encoder" || axis.starts_with("encoder.");
}

/// The index of these labels, which are appended if they are new.
std::size_t index_of(std::map<Labels, std::size_t>& indices, std::vector<Labels>& known,
                     const Labels& labels) {
  const auto [place, fresh] = indices.try_emplace(labels, known.size());
  if (fresh) known.push_back(labels);
  return place->second;
}

}  // namespace

Grid::Grid(const Design& design) : design_(design) {
  std::map<Labels, std::size_t> row_indices, column_indices;
  for (const auto& cell : design.cells) {
    Labels row, column;
    for (const auto& [axis, value] : cell.axes)
      (is_axis_of_encoder(axis) ? row : column).emplace(axis, value);
    const auto task = cell.axes.find("task");
    // A task with a dataset of its own names both.
    if (task != cell.axes.end() && design.claims.tasks_with_dataset.count(task->second) > 0)
      column.erase("dataset");
    const Place place{index_of(row_indices, rows_, row),
                      index_of(column_indices, columns_, column)};
    places_.emplace(cell.position, place);
    cells_.emplace(cell.position, &cell);
  }
}

std::vector<std::size_t> Grid::columns() const {
  std::vector<std::size_t> columns;
  for (const auto& cell : design_.cells)
    columns.push_back(places_.at(cell.position).second);
  return columns;
}

const Place* Grid::place(std::int64_t position) const {
  const auto found = places_.find(position);
  return found == places_.end() ? nullptr : &found->second;
}

std::map<Place, std::vector<const DesignCell*>> Grid::one_seed() const {
  std::map<Place, std::vector<const DesignCell*>> chosen;
  for (const auto& cell : design_.cells) {
    if (cell.run == 0) continue;
    auto& own = chosen[places_.at(cell.position)];
    if (!own.empty() && cell.seed < own.front()->seed) own.clear();
    if (own.empty() || cell.seed == own.front()->seed) own.push_back(&cell);
  }
  return chosen;
}

void Grid::describe(ReportedExperiment& report) const {
  const auto row_axes = telling_axes(rows_), column_axes = telling_axes(columns_);
  for (const auto& labels : rows_) {
    const auto own = labels.find("encoder");
    auto& row = report.rows.emplace_back();
    row.label = title_of(labels, row_axes);
    row.axes = labels;
    if (own != labels.end()) row.encoder = own->second;
    if (row.label.empty()) row.label = own == labels.end() ? "no encoder" : own->second;
  }
  for (const auto& labels : columns_) {
    const auto own = labels.find("task");
    auto& column = report.columns.emplace_back();
    if (own != labels.end()) column.task = own->second;
    column.label = title_of(labels, column_axes);
    column.axes = labels;
    if (column.label.empty()) column.label = column.task;
  }
  for (const auto& [position, place] : places_)
    report.rows[place.first].control = control_reason(design_, cell(position));
}

}  // namespace earshot::host
