#include <set>
#include <string>

#include "host/plan/history.hpp"
#include "host/report/places.hpp"

namespace earshot::host {

void add_configurations(ReportedExperiment& report, const Subject& subject) {
  const Grid grid(subject.design);
  std::set<std::size_t> rows, columns;
  for (const auto& cell : subject.design.cells) {
    const auto* place = grid.place(cell.position);
    if (place == nullptr || cell.key.empty()) continue;
    // A row that some tasks do not use is described by those that do.
    const bool of_row = !cell.hears_nothing && rows.insert(place->first).second;
    const bool of_column = columns.insert(place->second).second;
    if (!of_row && !of_column) continue;
    for (const auto& part : parts_of(cell_identity(subject.store, cell.key))) {
      const bool repeats = part.part == "seed" || part.name == "dataset's fold";
      if (part.part == "encoder" ? of_row : of_column && !repeats)
        (part.part == "encoder" ? report.rows[place->first].configuration
                                : report.columns[place->second].configuration)
            .emplace_back(part.name, part.value);
    }
  }
}

}  // namespace earshot::host
