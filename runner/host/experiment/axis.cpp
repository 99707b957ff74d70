#include "host/experiment/axis.hpp"

#include <algorithm>
#include <array>

namespace earshot::host {

const std::string& name_of(Table table) {
  static const std::array<std::string, 6> names{"encoder", "task",           "dataset",
                                                "mapper",  "language_model", "pretrain"};
  return names.at(static_cast<std::size_t>(table));
}

std::string kind_of(Table table) {
  return table == Table::task || table == Table::pretrain ? "evaluator" : name_of(table);
}

const std::vector<std::string>& component_tables() {
  static const std::vector<std::string> names{name_of(Table::encoder), name_of(Table::task),
                                              name_of(Table::dataset), name_of(Table::mapper),
                                              name_of(Table::language_model)};
  return names;
}

std::optional<Table> table_named(std::string_view name) {
  const auto& names = component_tables();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Table>(found - names.begin());
}

std::optional<OptionAxis> option_axis(const std::string& axis) {
  const auto dot = axis.find('.');
  if (dot == std::string::npos) return std::nullopt;
  const auto table = table_named(std::string_view(axis).substr(0, dot));
  if (!table || dot + 1 == axis.size()) return std::nullopt;
  return OptionAxis{*table, axis.substr(dot + 1)};
}

bool OptionValue::operator==(const OptionValue& other) const = default;

bool operator<(const OptionValue& a, const OptionValue& b) {
  return a.value < b.value;
}

bool AxisValue::operator==(const AxisValue& other) const = default;

bool operator<(const AxisValue& a, const AxisValue& b) {
  return a.value_ < b.value_;
}

AxisValue AxisValue::of(const std::string& axis, const Json& written) {
  const bool number = axis == "seed" || axis == "fold";
  if (number && written.is_number_integer()) return written.get<std::int64_t>();
  if (written.is_string() && (number || table_named(axis))) return written.get<std::string>();
  return OptionValue{written};
}

std::string AxisValue::text() const {
  if (const auto* text = label()) return *text;
  if (const auto* number = integer()) return std::to_string(*number);
  const auto& option = std::get<OptionValue>(value_).value;
  return option.is_string() ? option.get<std::string>() : option.dump();
}

Json AxisValue::json() const {
  if (const auto* text = label()) return *text;
  if (const auto* number = integer()) return *number;
  return std::get<OptionValue>(value_).value;
}

std::optional<double> AxisValue::number() const {
  if (const auto* number = integer()) return static_cast<double>(*number);
  const auto* option = std::get_if<OptionValue>(&value_);
  if (option == nullptr || !option->value.is_number()) return std::nullopt;
  return option->value.get<double>();
}

const AxisValue* Axes::find(std::string_view name) const {
  const auto found =
      std::find_if(axes_.begin(), axes_.end(), [&](const auto& axis) { return axis.name == name; });
  return found == axes_.end() ? nullptr : &found->value;
}

void Axes::add_after(std::string_view other, std::string name, AxisValue value) {
  const auto found = std::find_if(axes_.begin(), axes_.end(),
                                  [&](const auto& axis) { return axis.name == other; });
  axes_.insert(found + 1, {std::move(name), std::move(value)});
}

void Axes::set(std::string_view name, AxisValue value) {
  for (auto& axis : axes_)
    if (axis.name == name) axis.value = std::move(value);
}

std::vector<std::pair<std::string, Json>> Axes::pairs() const {
  std::vector<std::pair<std::string, Json>> pairs;
  pairs.reserve(axes_.size());
  for (const auto& [name, value] : axes_)
    pairs.emplace_back(name, value.json());
  return pairs;
}

}  // namespace earshot::host
