#include "host/experiment/experiment.hpp"

#include <algorithm>

namespace earshot::host {

const Position& Component::position_of(const std::string& option) const {
  const auto found = option_positions.find(option);
  return found == option_positions.end() ? position : found->second;
}

const std::vector<std::string>& Component::from() const {
  static const std::vector<std::string> none;
  const auto* encoder = std::get_if<EncoderSettings>(&settings);
  return encoder == nullptr ? none : encoder->from;
}

bool AxisCondition::allows(const AxisValue& value) const {
  const auto among = [&](const std::vector<AxisValue>& values) {
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  if (in && !among(*in)) return false;
  if (not_in && among(*not_in)) return false;
  if (!ge && !le) return true;
  const auto number = value.number();
  return number && (!ge || *number >= *ge) && (!le || *number <= *le);
}

bool Match::holds(const Axes& axes) const {
  return std::all_of(conditions.begin(), conditions.end(), [&](const auto& condition) {
    const auto* value = axes.find(condition.axis);
    return value != nullptr && condition.allows(*value);
  });
}

namespace {

Json json_of(const std::vector<AxisValue>& values) {
  if (values.size() == 1) return values.front().json();
  auto list = Json::array();
  for (const auto& value : values)
    list.push_back(value.json());
  return list;
}

}  // namespace

Json Match::json() const {
  auto all = Json::object();
  for (const auto& condition : conditions) {
    auto& json = all[condition.axis];
    if (condition.in && !condition.not_in && !condition.ge && !condition.le) {
      json = json_of(*condition.in);
      continue;
    }
    json = Json::object();
    if (condition.in) json["in"] = json_of(*condition.in);
    if (condition.not_in) json["not"] = json_of(*condition.not_in);
    if (condition.ge) json["ge"] = *condition.ge;
    if (condition.le) json["le"] = *condition.le;
  }
  return all;
}

const BlockAxis* MatrixBlock::axis(const std::string& name) const {
  const auto found =
      std::find_if(axes.begin(), axes.end(), [&](const auto& axis) { return axis.name == name; });
  return found == axes.end() ? nullptr : &*found;
}

const Component* Experiment::find(Table table, const std::string& label) const {
  const auto all = components.find(table);
  if (all == components.end()) return nullptr;
  const auto found = all->second.find(label);
  return found == all->second.end() ? nullptr : &found->second;
}

std::vector<std::string> Experiment::labels(Table table) const {
  std::vector<std::string> labels;
  if (const auto all = components.find(table); all != components.end())
    for (const auto& [label, component] : all->second)
      labels.push_back(label);
  return labels;
}

const Pretraining* Experiment::pretraining(Table table, const std::string& label) const {
  const auto found = pretrainings.find({table, label});
  return found == pretrainings.end() ? nullptr : &found->second;
}

}  // namespace earshot::host
