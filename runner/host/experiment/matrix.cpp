#include "host/experiment/matrix.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <tuple>
#include <unordered_set>

#include "host/experiment/read.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {

CellComponent& Cell::of(Table table) {
  switch (table) {
    case Table::encoder:
      return encoder;
    case Table::task:
      return task;
    case Table::dataset:
      return dataset;
    case Table::mapper:
      return mapper;
    case Table::language_model:
      return language_model;
    case Table::pretrain:
      break;
  }
  throw std::logic_error("a cell has no component of the table pretrain");
}

std::string Cell::label() const {
  std::string text;
  for (const auto& [name, value] : axes) {
    if (name == "dataset") continue;
    if (!text.empty()) text += '/';
    if (name == "seed" || name == "fold")
      text += name.substr(0, 1) + value.text();
    else
      text += (name.find('.') == std::string::npos ? "" : name + "=") + value.text();
  }
  return text;
}

namespace {

/// Axes that advance together, and their number of values.
struct Dimension {
  std::vector<const BlockAxis*> axes{};
  std::size_t size = 0;
};

/// In the order of the file; zipped axes take the position of the first of them.
std::vector<Dimension> dimensions(const MatrixBlock& block) {
  std::vector<Dimension> result;
  std::vector<const std::vector<std::string>*> done;
  for (const auto& axis : block.axes) {
    const auto zip = std::find_if(block.zips.begin(), block.zips.end(), [&](const auto& names) {
      return std::find(names.begin(), names.end(), axis.name) != names.end();
    });
    Dimension dimension{{}, axis.values.size()};
    if (zip == block.zips.end()) {
      dimension.axes = {&axis};
    } else {
      if (std::find(done.begin(), done.end(), &*zip) != done.end()) continue;
      done.push_back(&*zip);
      for (const auto& other : block.axes)
        if (std::find(zip->begin(), zip->end(), other.name) != zip->end())
          dimension.axes.push_back(&other);
    }
    result.push_back(std::move(dimension));
  }
  return result;
}

/// Adds the axes that every cell has: the dataset after the task, and a seed.
void complete(const Experiment& experiment, Axes& axes) {
  if (axes.find("dataset") == nullptr) {
    const auto& task = *axes.find("task")->label();
    axes.add_after("task", "dataset", experiment.find(Table::task, task)->dataset);
  }
  if (axes.find("seed") == nullptr) axes.add("seed", 0);
}

/// A text that is equal for cells with the same values on the same axes, in any order.
std::string identity(const Cell& cell) {
  std::vector<const Axis*> sorted;
  for (const auto& axis : cell.axes)
    sorted.push_back(&axis);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->name < b->name; });
  std::string text;
  for (const auto* axis : sorted)
    text += axis->name + '=' + protocol::readable_json(axis->value.json()).dump() + '\n';
  return text;
}

/// The components of cells; cells share components with the same options and settings.
class SharedComponents {
 public:
  explicit SharedComponents(const Experiment& experiment) : experiment_(experiment) {}

  using Shared = std::shared_ptr<const Component>;

  Shared written(Table table, const std::string& label) {
    auto& known = written_[{table, label}];
    if (known == nullptr)
      known = std::make_shared<const Component>(*experiment_.find(table, label));
    return known;
  }

  /// The same component with another value of an option or setting.
  Shared changed(const Shared& component, const std::string& option, const Json& value,
                 const Position& position) {
    auto& known =
        changed_[{component, option, protocol::readable_json(value).dump(), position.text()}];
    if (known == nullptr) {
      auto copy = std::make_shared<Component>(*component);
      assign(*copy, option, value, position);
      known = std::move(copy);
    }
    return known;
  }

 private:
  const Experiment& experiment_;
  std::map<std::pair<Table, std::string>, Shared> written_{};
  std::map<std::tuple<Shared, std::string, std::string, std::string>, Shared> changed_{};
};

void fill(const MatrixBlock& block, SharedComponents& components, Cell& cell) {
  for (const auto& [name, value] : cell.axes)
    if (const auto table = table_named(name))
      cell.of(*table) = {*value.label(), components.written(*table, *value.label())};
  for (const auto& [name, value] : cell.axes) {
    const auto option = option_axis(name);
    if (!option) continue;
    auto& component = cell.of(option->table).component;
    component =
        components.changed(component, option->option, value.json(), block.positions.at(name));
  }
  cell.seed = *cell.axes.find("seed")->integer();
  const auto* fold = cell.axes.find("fold");
  cell.fold = fold == nullptr || fold->integer() == nullptr ? 0 : *fold->integer();
}

void apply(const Override& rule, SharedComponents& components, Cell& cell) {
  for (const auto& [table, option, value, position] : rule.assignments) {
    const auto full = name_of(table) + "." + option;
    if (cell.axes.find(full) != nullptr)
      refuse(position,
             "[[override]] changes '" + full + "' of the cell " + cell.label() +
                 ", but it is an axis of this cell. Restrict the match, or remove the axis");
    auto& component = cell.of(table).component;
    if (component == nullptr)
      refuse(position, "[[override]] changes '" + full + "' of the cell " + cell.label() +
                           ", which has no " + name_of(table) + ". Restrict the match");
    component = components.changed(component, option, value, position);
  }
  if (rule.resources.timeout) cell.resources.timeout = rule.resources.timeout;
  if (rule.resources.memory) cell.resources.memory = rule.resources.memory;
}

/// The cells of one block, with the position of each along the dimensions.
class BlockExpander {
 public:
  BlockExpander(const Experiment& experiment, const MatrixBlock& block, const FoldsOf& folds,
                SharedComponents& components)
      : experiment_(experiment),
        block_(block),
        folds_(folds),
        components_(components),
        dimensions_(dimensions(block)) {
    check_size();
  }

  std::vector<Cell> expand() {
    std::vector<std::size_t> place(dimensions_.size(), 0);
    for (bool more = true; more; more = advance(place))
      add(place);
    return all_folds_ ? in_order() : std::move(cells_);
  }

 private:
  /// The folds are known only once the dataset is; their cells are still in the order of the axes.
  std::vector<Cell> in_order() {
    std::stable_sort(places_.begin(), places_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Cell> cells;
    cells.reserve(places_.size());
    for (auto& [order, index] : places_)
      cells.push_back(std::move(cells_[index]));
    return cells;
  }

  void check_size() {
    constexpr double most = 1e7;
    double size = 1;
    for (const auto& dimension : dimensions_)
      size *= static_cast<double>(dimension.size);
    const auto cells = std::min(size, static_cast<double>(experiment_.max_cells));
    cells_.reserve(static_cast<std::size_t>(std::min(cells, 100000.0)));
    if (size > most)
      refuse(block_.position,
             "[[matrix]] is a product of " + Json(size).dump() +
                 " combinations; at most 10000000 are allowed. Remove some values");
  }

  bool advance(std::vector<std::size_t>& place) const {
    for (auto d = place.size(); d-- > 0;) {
      if (++place[d] < dimensions_[d].size) return true;
      place[d] = 0;
    }
    return false;
  }

  void add(const std::vector<std::size_t>& place) {
    Cell cell;
    for (std::size_t d = 0; d < place.size(); ++d)
      for (const auto* axis : dimensions_[d].axes)
        cell.axes.add(axis->name, axis->values[place[d]]);
    complete(experiment_, cell.axes);
    const auto* fold = cell.axes.find("fold");
    if (fold == nullptr || fold->integer() != nullptr) return keep(std::move(cell), place);
    all_folds_ = true;
    for (const auto number : folds_of(cell)) {
      auto copy = cell;
      auto order = place;
      for (std::size_t d = 0; d < place.size(); ++d)
        if (dimensions_[d].axes.front()->name == "fold")
          order[d] = static_cast<std::size_t>(number);
      copy.axes.set("fold", number);
      keep(std::move(copy), order);
    }
    if (folds_of(cell).empty()) keep(std::move(cell), place);
  }

  void keep(Cell cell, const std::vector<std::size_t>& order) {
    if (!block_.where.holds(cell.axes)) return;
    if (static_cast<std::int64_t>(cells_.size()) >= experiment_.max_cells)
      refuse(
          block_.position,
          "[[matrix]] gives more than " + std::to_string(experiment_.max_cells) +
              " cells, which is max_cells. Remove some values, or raise max_cells in [experiment]");
    fill(block_, components_, cell);
    if (all_folds_) places_.emplace_back(order, cells_.size());
    cells_.push_back(std::move(cell));
  }

  const std::vector<std::int64_t>& folds_of(const Cell& cell) {
    Cell copy = cell;
    fill(block_, components_, copy);
    for (const auto& rule : experiment_.overrides)
      if (rule.match.holds(copy.axes)) apply(rule, components_, copy);
    const auto known = known_folds_.find(copy.dataset.component);
    if (known != known_folds_.end()) return known->second;
    return known_folds_[copy.dataset.component] = folds_(copy.dataset);
  }

  const Experiment& experiment_;
  const MatrixBlock& block_;
  const FoldsOf& folds_;
  SharedComponents& components_;
  std::vector<Dimension> dimensions_;
  std::vector<Cell> cells_;
  bool all_folds_ = false;  ///< fold = "*"
  /// In that case, the position of each cell.
  std::vector<std::pair<std::vector<std::size_t>, std::size_t>> places_;
  std::map<SharedComponents::Shared, std::vector<std::int64_t>> known_folds_;
};

std::vector<Cell> united(const Experiment& experiment, const FoldsOf& folds,
                         SharedComponents& components) {
  std::vector<Cell> cells;
  std::unordered_set<std::string> seen;
  for (const auto& block : experiment.blocks) {
    auto more = BlockExpander(experiment, block, folds, components).expand();
    if (more.empty())
      refuse(block.where.position,
             "where leaves no cell of its [[matrix]]; correct it or remove it");
    std::erase_if(more, [&](const Cell& cell) { return !seen.insert(identity(cell)).second; });
    if (cells.empty())
      cells = std::move(more);
    else
      std::move(more.begin(), more.end(), std::back_inserter(cells));
  }
  if (static_cast<std::int64_t>(cells.size()) > experiment.max_cells)
    refuse(experiment.blocks.front().position,
           "the matrix has " + std::to_string(cells.size()) + " cells; at most " +
               std::to_string(experiment.max_cells) + " are allowed (max_cells in [experiment])");
  return cells;
}

[[noreturn]] void refuse_unused(const Position& position, const std::string& rule) {
  refuse(position, rule +
                       " matches no cell; each must match one. Correct the match, or write "
                       "optional = true");
}

void exclude(const Experiment& experiment, std::vector<Cell>& cells) {
  for (const auto& rule : experiment.excludes) {
    bool matched = rule.optional;
    for (auto& cell : cells) {
      if (!rule.match.holds(cell.axes)) continue;
      matched = true;
      if (cell.excluded.empty()) cell.excluded = rule.reason;
    }
    if (!matched) refuse_unused(rule.match.position, "[[exclude]]");
  }
}

void override_cells(const Experiment& experiment, SharedComponents& components,
                    std::vector<Cell>& cells) {
  for (const auto& rule : experiment.overrides) {
    bool matched = rule.optional;
    for (auto& cell : cells) {
      if (!rule.match.holds(cell.axes)) continue;
      matched = true;
      apply(rule, components, cell);
    }
    if (!matched) refuse_unused(rule.match.position, "[[override]]");
  }
}

/// "--only encoder=mimi,htsat": an axis and some of its values, as written.
struct Selection {
  std::string axis{};
  std::vector<std::string> values{};

  bool matches(const Cell& cell) const {
    const auto* value = cell.axes.find(axis);
    return value != nullptr &&
           std::find(values.begin(), values.end(), value->text()) != values.end();
  }
};

std::vector<std::string> values_of(const std::vector<Cell>& cells, const std::string& axis) {
  std::vector<std::string> values;
  std::unordered_set<std::string> seen;
  for (const auto& cell : cells)
    if (const auto* value = cell.axes.find(axis);
        value != nullptr && seen.insert(value->text()).second)
      values.push_back(value->text());
  return values;
}

Selection parse_selection(const Experiment& experiment, const std::vector<Cell>& cells,
                          const std::string& option, const std::string& text) {
  const Position position{option + " " + text, 0, 0};
  const auto equals = text.find('=');
  Selection selection{text.substr(0, equals), {}};
  const auto known = axis_names(experiment);
  if (equals == std::string::npos)
    refuse(position, "no axis and value; expected AXIS=VALUE, such as encoder=log_mel");
  if (std::find(known.begin(), known.end(), selection.axis) == known.end())
    refuse_unknown(position, "axis", selection.axis, known);
  const auto values = values_of(cells, selection.axis);
  for (auto begin = equals + 1;;) {
    const auto end = text.find(',', begin);
    const auto value = text.substr(begin, end == std::string::npos ? end : end - begin);
    if (std::find(values.begin(), values.end(), value) == values.end())
      refuse_unknown(position, "value of axis '" + selection.axis + "':", value, values);
    selection.values.push_back(value);
    if (end == std::string::npos) return selection;
    begin = end + 1;
  }
}

void select(const Experiment& experiment, const Overrides& overrides, std::vector<Cell>& cells) {
  std::map<std::string, Selection> only;  // several options for one axis add up
  for (const auto& text : overrides.only) {
    const auto selection = parse_selection(experiment, cells, "--only", text);
    auto& all = only[selection.axis];
    all.axis = selection.axis;
    all.values.insert(all.values.end(), selection.values.begin(), selection.values.end());
  }
  std::vector<Selection> skip;
  for (const auto& text : overrides.skip)
    skip.push_back(parse_selection(experiment, cells, "--skip", text));
  std::int64_t count = 0;
  for (auto& cell : cells) {
    cell.selected =
        std::all_of(only.begin(), only.end(),
                    [&](const auto& s) { return s.second.matches(cell); }) &&
        std::none_of(skip.begin(), skip.end(), [&](const auto& s) { return s.matches(cell); });
    if (!cell.selected || !cell.excluded.empty() || overrides.limit <= 0) continue;
    cell.selected = ++count <= overrides.limit;
  }
}

}  // namespace

std::vector<Cell> expand(const Experiment& experiment, const Overrides& overrides,
                         const FoldsOf& folds) {
  SharedComponents components(experiment);
  auto cells = united(experiment, folds, components);
  exclude(experiment, cells);
  override_cells(experiment, components, cells);
  select(experiment, overrides, cells);
  return cells;
}

}  // namespace earshot::host
