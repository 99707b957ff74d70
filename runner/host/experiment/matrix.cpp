#include "host/experiment/matrix.hpp"

#include <algorithm>
#include <unordered_set>

#include "host/experiment/match.hpp"
#include "host/experiment/read.hpp"

namespace earshot::host {

const Json* Cell::axis(const std::string& name) const {
  const auto found =
      std::find_if(axes.begin(), axes.end(), [&](const auto& axis) { return axis.first == name; });
  return found == axes.end() ? nullptr : &found->second;
}

std::string Cell::label() const {
  std::string text;
  for (const auto& [name, value] : axes) {
    if (name == "dataset") continue;
    if (!text.empty()) text += '/';
    if (name == "seed" || name == "fold")
      text += name.substr(0, 1) + written(value);
    else
      text += (name.find('.') == std::string::npos ? "" : name + "=") + written(value);
  }
  return text;
}

namespace {

/// Axes that advance together, and how many values each has.
struct Dimension {
  std::vector<const std::pair<std::string, std::vector<Json>>*> axes{};
  std::size_t size = 0;
};

/// In the order of the file; zipped axes stand where the first of them does.
std::vector<Dimension> dimensions(const MatrixBlock& block) {
  std::vector<Dimension> result;
  std::vector<const std::vector<std::string>*> done;
  for (const auto& axis : block.axes) {
    const auto zip = std::find_if(block.zips.begin(), block.zips.end(), [&](const auto& names) {
      return std::find(names.begin(), names.end(), axis.first) != names.end();
    });
    Dimension dimension{{}, axis.second.size()};
    if (zip == block.zips.end()) {
      dimension.axes = {&axis};
    } else {
      if (std::find(done.begin(), done.end(), &*zip) != done.end()) continue;
      done.push_back(&*zip);
      for (const auto& other : block.axes)
        if (std::find(zip->begin(), zip->end(), other.first) != zip->end())
          dimension.axes.push_back(&other);
    }
    result.push_back(std::move(dimension));
  }
  return result;
}

using Axes = std::vector<std::pair<std::string, Json>>;

/// Adds what every cell has: the dataset after the task, a seed.
Axes completed(const Experiment& experiment, Axes axes) {
  const auto index = [&](const char* name) {
    return std::find_if(axes.begin(), axes.end(), [&](const auto& a) { return a.first == name; });
  };
  if (index("dataset") == axes.end()) {
    const auto task = index("task");
    const auto label = task->second.get<std::string>();
    axes.insert(task + 1, {"dataset", experiment.components.at("task").at(label).dataset});
  }
  if (index("seed") == axes.end()) axes.emplace_back("seed", 0);
  return axes;
}

/// Equal for cells with the same values on the same axes, in whatever order.
std::string identity(const Cell& cell) {
  std::vector<const std::pair<std::string, Json>*> sorted;
  for (const auto& axis : cell.axes)
    sorted.push_back(&axis);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->first < b->first; });
  std::string text;
  for (const auto* axis : sorted)
    text += axis->first + '=' + axis->second.dump() + '\n';
  return text;
}

CellComponent* component(Cell& cell, const std::string& table) {
  if (table == "encoder") return &cell.encoder;
  if (table == "task") return &cell.task;
  if (table == "dataset") return &cell.dataset;
  if (table == "mapper") return &cell.mapper;
  return table == "language_model" ? &cell.language_model : nullptr;
}

void assign(CellComponent& component, const std::string& table, const std::string& name,
            const Json& value, const Position& position) {
  const auto& settings = setting_names(table);
  if (std::find(settings.begin(), settings.end(), name) != settings.end()) {
    component.settings[name] = value;
  } else {
    component.options[name] = value;
    component.positions[name] = position;
  }
}

void fill(const Experiment& experiment, const MatrixBlock& block, Cell& cell) {
  for (const auto& [name, value] : cell.axes) {
    if (auto* target = component(cell, name)) {
      const auto& source = experiment.components.at(name).at(value.get<std::string>());
      target->label = source.label;
      target->use = source.use;
      target->options = source.options;
      target->settings = source.settings;
    }
  }
  for (const auto& [name, value] : cell.axes) {
    const auto dot = name.find('.');
    if (dot == std::string::npos) continue;
    const auto table = name.substr(0, dot);
    assign(*component(cell, table), table, name.substr(dot + 1), value, block.positions.at(name));
  }
  cell.seed = cell.axis("seed")->get<std::int64_t>();
  if (const auto* fold = cell.axis("fold"))
    cell.fold = fold->is_string() ? 0 : fold->get<std::int64_t>();
}

void apply(const Override& rule, Cell& cell) {
  for (const auto& [table, options] : rule.options.items()) {
    auto& target = *component(cell, table);
    for (const auto& [name, value] : options.items()) {
      const auto full = table + "." + name;
      const auto& position = rule.positions.at(full);
      if (cell.axis(full) != nullptr)
        refuse(position,
               "[[override]] changes '" + full + "' of the cell " + cell.label() +
                   ", but it is an axis of this cell. Restrict the match, or remove the axis");
      if (target.label.empty())
        refuse(position, "[[override]] changes '" + full + "' of the cell " + cell.label() +
                             ", which has no " + table + ". Restrict the match");
      assign(target, table, name, value, position);
    }
  }
  cell.resources.update(rule.resources);
}

/// The cells of one block, with the place of each along the dimensions.
class BlockExpander {
 public:
  BlockExpander(const Experiment& experiment, const MatrixBlock& block, const FoldsOf& folds)
      : experiment_(experiment), block_(block), folds_(folds), dimensions_(dimensions(block)) {
    check_size();
  }

  std::vector<Cell> expand() {
    std::vector<std::size_t> place(dimensions_.size(), 0);
    for (bool more = true; more; more = advance(place))
      add(place);
    return all_folds_ ? in_order() : std::move(cells_);
  }

 private:
  /// The folds of a dataset are known only with the dataset; their cells still stand in the order
  /// of the axes.
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
        cell.axes.emplace_back(axis->first, axis->second[place[d]]);
    cell.axes = completed(experiment_, std::move(cell.axes));
    const auto* fold = cell.axis("fold");
    if (fold == nullptr || !fold->is_string()) return keep(std::move(cell), place);
    all_folds_ = true;
    for (const auto number : folds_of(cell)) {
      auto copy = cell;
      auto order = place;
      for (std::size_t d = 0; d < place.size(); ++d)
        if (dimensions_[d].axes.front()->first == "fold")
          order[d] = static_cast<std::size_t>(number);
      *std::find_if(copy.axes.begin(), copy.axes.end(),
                    [](const auto& axis) { return axis.first == "fold"; }) = {"fold", number};
      keep(std::move(copy), order);
    }
    if (folds_of(cell).empty()) keep(std::move(cell), place);
  }

  void keep(Cell cell, const std::vector<std::size_t>& order) {
    if (!holds(block_.where, cell)) return;
    if (static_cast<std::int64_t>(cells_.size()) >= experiment_.max_cells)
      refuse(
          block_.position,
          "[[matrix]] gives more than " + std::to_string(experiment_.max_cells) +
              " cells, which is max_cells. Remove some values, or raise max_cells in [experiment]");
    fill(experiment_, block_, cell);
    if (all_folds_) places_.emplace_back(order, cells_.size());
    cells_.push_back(std::move(cell));
  }

  const std::vector<std::int64_t>& folds_of(const Cell& cell) {
    Cell copy = cell;
    fill(experiment_, block_, copy);
    for (const auto& rule : experiment_.overrides)
      if (holds(rule.match, copy)) apply(rule, copy);
    const auto question = copy.dataset.label + copy.dataset.options.dump();
    const auto known = known_folds_.find(question);
    if (known != known_folds_.end()) return known->second;
    return known_folds_[question] = folds_(copy.dataset);
  }

  const Experiment& experiment_;
  const MatrixBlock& block_;
  const FoldsOf& folds_;
  std::vector<Dimension> dimensions_;
  std::vector<Cell> cells_;
  bool all_folds_ = false;                                                ///< fold = "*"
  std::vector<std::pair<std::vector<std::size_t>, std::size_t>> places_;  ///< then: of each cell
  std::map<std::string, std::vector<std::int64_t>> known_folds_;
};

std::vector<Cell> united(const Experiment& experiment, const FoldsOf& folds) {
  std::vector<Cell> cells;
  std::unordered_set<std::string> seen;
  for (const auto& block : experiment.blocks) {
    auto more = BlockExpander(experiment, block, folds).expand();
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

[[noreturn]] void refuse_idle(const Position& position, const std::string& rule) {
  refuse(position, rule +
                       " matches no cell; each must match one. Correct the match, or write "
                       "optional = true");
}

void exclude(const Experiment& experiment, std::vector<Cell>& cells) {
  for (const auto& rule : experiment.excludes) {
    bool matched = rule.optional;
    for (auto& cell : cells) {
      if (!holds(rule.match, cell)) continue;
      matched = true;
      if (cell.excluded.empty()) cell.excluded = rule.reason;
    }
    if (!matched) refuse_idle(rule.match.position, "[[exclude]]");
  }
}

void override_cells(const Experiment& experiment, std::vector<Cell>& cells) {
  for (const auto& rule : experiment.overrides) {
    bool matched = rule.optional;
    for (auto& cell : cells) {
      if (!holds(rule.match, cell)) continue;
      matched = true;
      apply(rule, cell);
    }
    if (!matched) refuse_idle(rule.match.position, "[[override]]");
  }
}

/// "--only encoder=mimi,htsat": an axis and values of it as they are written.
struct Selection {
  std::string axis{};
  std::vector<std::string> values{};

  bool matches(const Cell& cell) const {
    const auto* value = cell.axis(axis);
    return value != nullptr &&
           std::find(values.begin(), values.end(), written(*value)) != values.end();
  }
};

std::vector<std::string> values_of(const std::vector<Cell>& cells, const std::string& axis) {
  std::vector<std::string> values;
  std::unordered_set<std::string> seen;
  for (const auto& cell : cells)
    if (const auto* value = cell.axis(axis);
        value != nullptr && seen.insert(written(*value)).second)
      values.push_back(written(*value));
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
  std::map<std::string, Selection> only;  // options on one axis add up
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
  auto cells = united(experiment, folds);
  exclude(experiment, cells);
  override_cells(experiment, cells);
  select(experiment, overrides, cells);
  return cells;
}

}  // namespace earshot::host
