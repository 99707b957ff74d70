#include <algorithm>
#include <set>

#include "host/experiment/read.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The axes of every block, except option axes.
std::vector<std::string> plain_axes() {
  auto names = component_tables();
  names.insert(names.end(), {"seed", "fold"});
  return names;
}

void check_integer(const Value& value, const std::string& axis, std::int64_t min) {
  if (!value.scalar.is_number_integer() || value.scalar.get<std::int64_t>() < min)
    refuse_type(value, axis, "integers, " + std::to_string(min) + " or more");
}

void check_axis_value(const Experiment& experiment, const std::string& axis, const Value& value) {
  if (axis == "seed") return check_integer(value, axis, 0);
  if (axis == "fold") return check_integer(value, axis, 1);
  if (const auto option = option_axis(axis))
    return check_assignment(option->table, option->option, value);
  if (!value.scalar.is_string()) refuse_type(value, axis, "labels");
  check_label(experiment, axis, value);
}

std::vector<AxisValue> read_axis(const Experiment& experiment, const Value& entry) {
  if (entry.key == "fold" && entry.scalar == "*") return {AxisValue("*")};
  const auto values = entry.is_list() ? entry.children : std::vector<Value>{entry};
  if (values.empty()) refuse(entry.position, "the axis '" + entry.key + "' has no values");
  std::vector<AxisValue> axis;
  std::set<AxisValue> seen;
  for (const auto& value : values) {
    check_axis_value(experiment, entry.key, value);
    axis.push_back(AxisValue::of(entry.key, to_json(value)));
    if (!seen.insert(axis.back()).second)
      refuse(value.position,
             "the axis '" + entry.key + "' has " + axis.back().json().dump() + " twice");
  }
  return axis;
}

/// A key that is not an axis names a dimension of slices. A key that is close to the name of an
/// axis is taken for a typing error, unless its value is "*".
std::vector<std::string> read_slice(const Value& entry) {
  auto known = plain_axes();
  known.insert(known.end(), {"where", "zip"});
  const auto near = protocol::did_you_mean(entry.key, known);
  const bool texts = entry.scalar.is_string() ||
                     (entry.is_list() && !entry.children.empty() &&
                      std::all_of(entry.children.begin(), entry.children.end(),
                                  [](const Value& child) { return child.scalar.is_string(); }));
  if (texts && (near.empty() || entry.scalar == "*")) return texts_of(entry, entry.key);
  refuse(entry.key_position,
         "unknown axis '" + entry.key + "'; known: " + protocol::join(plain_axes()) +
             ", option axes such as \"task.lr\", and dimensions of slices, with \"*\" or names" +
             near);
}

void read_option_axis_name(const Value& entry) {
  if (option_axis(entry.key)) return;
  refuse_unknown(entry.key_position, "component of the option axis '" + entry.key + "'",
                 entry.key.substr(0, entry.key.find('.')), component_tables());
}

void read_zips(const Value& value, MatrixBlock& block) {
  if (!value.is_list())
    refuse_type(value, "zip", "lists of axes, such as [[\"task\", \"mapper\"]]");
  std::set<std::string> used;
  for (const auto& child : value.children) {
    if (!child.is_list()) refuse_type(child, "an element of zip", "a list of axes");
    const auto names = texts_of(child, "zip");
    if (names.size() < 2) refuse(child.position, "zip needs at least two axes");
    for (const auto& name : names) {
      std::vector<std::string> known;
      for (const auto& axis : block.axes)
        known.push_back(axis.name);
      if (!contains(known, name)) refuse_unknown(child.position, "axis of this block", name, known);
      if (!used.insert(name).second)
        refuse(child.position, "the axis '" + name + "' is in zip twice");
    }
    block.zips.push_back(names);
  }
}

void check_zip_lengths(const Value& table, const MatrixBlock& block) {
  for (const auto& zip : block.zips) {
    std::set<std::size_t> lengths;
    std::string each;
    for (const auto& name : zip) {
      const auto& values = block.axis(name)->values;
      if (name == "fold" && values.front().label() != nullptr)
        refuse(table.find("zip")->position, "zip has fold = \"*\"; list the folds to join them");
      lengths.insert(values.size());
      each += (each.empty() ? "'" : ", '") + name + "' has " + std::to_string(values.size());
    }
    if (lengths.size() > 1)
      refuse(table.find("zip")->position,
             "zip joins axes of unequal length: " + each + "; each needs as many values");
  }
}

/// Checks that every cell gets a dataset.
void check_datasets(const Experiment& experiment, const Value& table, const MatrixBlock& block) {
  if (block.axis("dataset") != nullptr) return;
  for (const auto& task : block.axis("task")->values)
    if (experiment.find(Table::task, *task.label())->dataset.empty())
      refuse(table.find("task")->position,
             "the task \"" + task.text() +
                 "\" has no dataset; give it one, or add an axis 'dataset' to this block");
}

void check_option_axes(const MatrixBlock& block) {
  for (const auto& axis : block.axes) {
    const auto option = option_axis(axis.name);
    if (option && option->table != Table::dataset && block.axis(name_of(option->table)) == nullptr)
      refuse(block.positions.at(axis.name), "the axis '" + axis.name + "' needs an axis '" +
                                                name_of(option->table) + "' in its block");
  }
}

MatrixBlock read_block(const Value& table, Experiment& experiment) {
  MatrixBlock block;
  block.position = table.position;
  for (const auto& entry : table.children) {
    if (entry.key == "where" || entry.key == "zip") continue;
    block.positions[entry.key] = entry.key_position;
    if (entry.is_table() && contains(component_tables(), entry.key))
      refuse(entry.key_position, "'" + entry.key +
                                     "' is a table; write an option axis in quotes: \"" +
                                     entry.key + ".lr\" = [...]");
    if (entry.key.find('.') != std::string::npos) read_option_axis_name(entry);
    if (entry.key.find('.') != std::string::npos || contains(plain_axes(), entry.key))
      block.axes.push_back({entry.key, read_axis(experiment, entry)});
    else
      block.slices[entry.key] = read_slice(entry);
  }
  for (const auto* axis : {"encoder", "task"})
    if (block.axis(axis) == nullptr)
      refuse(table.position, "[[matrix]] has no axis '" + std::string(axis) + "'; it is required");
  if (const auto* zip = table.find("zip")) read_zips(*zip, block);
  check_zip_lengths(table, block);
  check_datasets(experiment, table, block);
  check_option_axes(block);
  return block;
}

}  // namespace

std::vector<std::string> axis_names(const Experiment& experiment) {
  std::vector<std::string> names{"encoder", "task", "dataset", "seed"};
  for (const auto& block : experiment.blocks)
    for (const auto& axis : block.axes)
      if (!contains(names, axis.name)) names.push_back(axis.name);
  return names;
}

void check_label(const Experiment& experiment, const std::string& axis, const Value& value) {
  const auto table = table_named(axis);
  if (!table || !value.scalar.is_string()) return;
  const auto label = value.scalar.get<std::string>();
  if (experiment.find(*table, label) == nullptr)
    refuse_unknown(value.position, axis, label, experiment.labels(*table));
}

void read_blocks(const Value& root, Experiment& experiment) {
  const auto tables = tables_of(root, "matrix");
  if (tables.empty())
    refuse(root.position, "there is no [[matrix]]; expected one with encoders and tasks");
  for (const auto* table : tables)
    experiment.blocks.push_back(read_block(*table, experiment));
  // Conditions may name the axes of all blocks, so they are read last.
  for (std::size_t i = 0; i < tables.size(); ++i)
    if (const auto* where = tables[i]->find("where"))
      experiment.blocks[i].where = read_match(*where, experiment, "where");
}

}  // namespace earshot::host
