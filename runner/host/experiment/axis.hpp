#pragma once
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/json.hpp"

namespace earshot::host {

using protocol::Json;

/// The tables of an experiment file that name components. `pretrain` is the table of that name in
/// [encoder.X] or [language_model.X]; all others are also the names of axes.
enum class Table { encoder, task, dataset, mapper, language_model, pretrain };

/// "language_model", as files and messages write it.
const std::string& name_of(Table table);
/// The kind that its components have in plugins: "evaluator" for task and pretrain, otherwise the
/// name.
std::string kind_of(Table table);
/// The names of the tables that are also axes, in the order in which messages name them.
const std::vector<std::string>& component_tables();
/// The table whose axis has this name; absent for all other names.
std::optional<Table> table_named(std::string_view name);

/// An axis whose values are those of an option or setting, "task.lr".
struct OptionAxis {
  Table table = Table::task;
  std::string option{};
};

/// Absent if the name is not that of an option axis.
std::optional<OptionAxis> option_axis(const std::string& axis);

/// The value of an option, as written.
struct OptionValue {
  Json value{};
  // Compiled once: to compare JSON is a second of each file that includes this.
  bool operator==(const OptionValue& other) const;
  friend bool operator<(const OptionValue& a, const OptionValue& b);
};

/// A value of an axis: a label, the number of a seed or fold, or the value of an option.
class AxisValue {
 public:
  AxisValue() = default;  ///< an empty label
  AxisValue(std::string label) : value_(std::move(label)) {}
  AxisValue(const char* label) : value_(std::string(label)) {}
  template <std::integral Number>
  AxisValue(Number number) : value_(static_cast<std::int64_t>(number)) {}
  AxisValue(OptionValue option) : value_(std::move(option)) {}

  /// The value that a file gives to `axis`, whose name determines the type of its values.
  static AxisValue of(const std::string& axis, const Json& written);

  /// As messages, claims, the results file and the command line write it.
  std::string text() const;
  Json json() const;

  /// Null unless it is a label. "*" on the axis fold, which stands for all folds, counts as a
  /// label.
  const std::string* label() const { return std::get_if<std::string>(&value_); }
  /// Null unless it is a seed or fold.
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value_); }
  /// The number of a seed or fold, or of an option that is a number.
  std::optional<double> number() const;

  bool operator==(const AxisValue& other) const;
  friend bool operator<(const AxisValue& a, const AxisValue& b);

 private:
  std::variant<std::string, std::int64_t, OptionValue> value_{};
};

struct Axis {
  std::string name{};
  AxisValue value{};
  bool operator==(const Axis&) const = default;
};

/// The axes of a cell with its values, in the order of the file.
class Axes {
 public:
  Axes() = default;
  Axes(std::initializer_list<Axis> axes) : axes_(axes) {}

  const AxisValue* find(std::string_view name) const;  ///< null without such an axis
  void add(std::string name, AxisValue value) {
    axes_.push_back({std::move(name), std::move(value)});
  }
  /// Adds an axis behind the axis `other`, which must exist.
  void add_after(std::string_view other, std::string name, AxisValue value);
  /// Changes the value of an axis, which must exist.
  void set(std::string_view name, AxisValue value);

  /// In the form of the results file.
  std::vector<std::pair<std::string, Json>> pairs() const;
  std::size_t size() const { return axes_.size(); }
  const Axis& operator[](std::size_t index) const { return axes_[index]; }
  auto begin() const { return axes_.begin(); }
  auto end() const { return axes_.end(); }
  bool operator==(const Axes&) const = default;

 private:
  std::vector<Axis> axes_{};
};

}  // namespace earshot::host
