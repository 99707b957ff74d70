#include "host/store/predictions.hpp"

#include "host/store/inside.hpp"

namespace earshot::host {
namespace {

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// A class, or the classes of a set; empty for other labels.
std::vector<std::string> classes_of(const Json& label) {
  if (label.is_string() || label.is_boolean()) return {text_of(label)};
  std::vector<std::string> classes;
  if (label.is_array())
    for (const auto& element : label)
      if (element.is_string()) classes.push_back(element.get<std::string>());
  return classes;
}

}  // namespace

std::vector<ItemTraits> items_of(const Store& store, std::int64_t dataset) {
  Statement rows(connection_of(store),
                 "SELECT position, groups, slices, labels FROM item WHERE dataset_id = ? "
                 "ORDER BY position");
  rows.bind_all(dataset);
  std::vector<ItemTraits> items;
  while (rows.step()) {
    items.resize(static_cast<std::size_t>(rows.integer(0)) + 1);
    auto& item = items.back();
    const auto where =
        "item " + rows.text(0) + " of dataset " + std::to_string(dataset) + ", column ";
    const auto groups = rows.json(1, where + "groups"), slices = rows.json(2, where + "slices"),
               labels = rows.json(3, where + "labels");
    for (const auto& [dimension, group] : groups.items())
      item.groups[dimension] = text_of(group);
    for (const auto& [label, value] : labels.items())
      if (auto classes = classes_of(value); !classes.empty())
        item.slices[label] = std::move(classes);
    for (const auto& [dimension, slice] : slices.items())
      item.slices[dimension] = {text_of(slice)};
  }
  return items;
}

std::optional<std::string> item_id(const Store& store, const std::string& dataset_key,
                                   std::int64_t position) {
  Statement row(connection_of(store),
                "SELECT i.id FROM dataset d CROSS JOIN item i ON i.dataset_id = d.dataset_id "
                "WHERE d.key = ? AND i.position = ?");
  row.bind_all(dataset_key, position);
  return row.step() ? std::optional(row.text(0)) : std::nullopt;
}

std::vector<Mark> marks_of(const Store& store, std::int64_t run, const std::string& metric) {
  Statement rows(connection_of(store),
                 "SELECT item, CASE WHEN ? = (SELECT primary_metric FROM cell JOIN run USING "
                 "(cell_id) WHERE run_id = ?) THEN mark ELSE json_extract(marks, ?) END AS m "
                 "FROM prediction WHERE run_id = ? AND m IS NOT NULL ORDER BY item");
  rows.bind_all(metric, run, "$.\"" + metric + "\"", run);
  std::vector<Mark> marks;
  while (rows.step())
    marks.push_back({rows.integer(0), rows.real(1)});
  return marks;
}

std::vector<std::int64_t> predicted_items(const Store& store, std::int64_t run) {
  Statement rows(connection_of(store),
                 "SELECT item FROM prediction WHERE run_id = ? ORDER BY item");
  rows.bind_all(run);
  std::vector<std::int64_t> items;
  while (rows.step())
    items.push_back(rows.integer(0));
  return items;
}

std::int64_t prediction_count(const Store& store, std::int64_t run) {
  Statement row(connection_of(store), "SELECT count(*) FROM prediction WHERE run_id = ?");
  row.bind_all(run).step();
  return row.integer(0);
}

std::optional<PredictionExample> first_prediction(const Store& store) {
  Statement row(connection_of(store), "SELECT value, output FROM prediction LIMIT 1");
  if (!row.step()) return std::nullopt;
  return PredictionExample{row.text(0), row.text(1)};
}

}  // namespace earshot::host
