#include <algorithm>

#include "host/experiment/read.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

const std::vector<std::string>& component_tables() {
  static const std::vector<std::string> tables{"encoder", "task", "dataset", "mapper",
                                               "language_model"};
  return tables;
}

const std::vector<std::string>& setting_names(const std::string& table) {
  static const std::map<std::string, std::vector<std::string>> names{
      {"dataset", {"limit", "allow_lost", "validation", "shuffle_labels"}},
      {"encoder", {"dtype"}},
      {"task", {"audio"}}};
  static const std::vector<std::string> none;
  const auto found = names.find(table);
  return found == names.end() ? none : found->second;
}

bool can_be_pretrained(const std::string& table) {
  return table == "encoder" || table == "language_model";
}

std::vector<std::string> component_keys(const std::string& table) {
  auto keys = setting_names(table);
  keys.insert(keys.end(), {"use", "options"});
  if (can_be_pretrained(table)) keys.push_back("pretrain");
  if (table == "encoder") keys.insert(keys.end(), {"pretrain_data", "in_domain"});
  if (table == "task") keys.push_back("dataset");
  return keys;
}

std::vector<std::string> labels(const Experiment& experiment, const std::string& table) {
  std::vector<std::string> result;
  const auto found = experiment.components.find(table);
  if (found != experiment.components.end())
    for (const auto& [label, component] : found->second)
      result.push_back(label);
  return result;
}

namespace {

Json read_audio(const Value& value) {
  const Fields fields(value, "audio", {"crop", "pad", "max_seconds", "min_seconds"});
  auto audio = Json::object();
  if (fields.find("crop") != nullptr)
    audio["crop"] = fields.choice("crop", {"first", "centre", "seeded"});
  if (fields.find("pad") != nullptr)
    audio["pad"] = fields.choice("pad", {"none", "zero", "repeat"});
  for (const auto* name : {"max_seconds", "min_seconds"})
    if (fields.find(name) != nullptr) audio[name] = fields.number(name, 0, 0);
  return audio;
}

void check_option(const Value& value) {
  if (value.is_table()) refuse_type(value, value.key, "a string, number, bool or list");
  for (const auto& child : value.children)
    if (child.is_table() || child.is_list())
      refuse_type(child, "an element of " + value.key, "a string, number or bool");
}

void read_options(const Fields& fields, Component& component) {
  component.options = fields.table("options");
  if (const auto* options = fields.find("options")) {
    for (const auto& option : options->children) {
      check_option(option);
      component.option_positions[option.key] = option.key_position;
    }
  }
}

Component read_pretrain(const Value& value, const std::string& trainee) {
  std::vector<std::string> keys{"use", "dataset", "options"};
  if (trainee.starts_with("language_model.")) keys.push_back("set");
  const Fields fields(value, "[" + trainee + ".pretrain]", keys);
  Component component;
  component.table = "pretrain";
  component.label = trainee;
  component.settings = fields.table("set");
  if (const auto* changes = fields.find("set"))
    for (const auto& option : changes->children)
      check_option(option);
  component.position = value.key_position;
  component.use = fields.required_text("use");
  component.dataset = fields.required_text("dataset");
  read_options(fields, component);
  return component;
}

Component read_component(const std::string& table, const Value& value) {
  check_plain_name(value.key_position, "the label", value.key);
  const auto title = "[" + table + "." + value.key + "]";
  const Fields fields(value, title, component_keys(table));
  Component component;
  component.table = table;
  component.label = value.key;
  component.position = value.key_position;
  component.use = fields.required_text("use");
  component.settings = read_settings(table, fields);
  component.dataset = fields.text("dataset");
  if (value.find("pretrain_data") != nullptr)
    component.pretrain_data = fields.texts("pretrain_data");
  if (value.find("in_domain") != nullptr) component.in_domain = fields.texts("in_domain");
  read_options(fields, component);
  return component;
}

}  // namespace

Json read_settings(const std::string& table, const Fields& fields) {
  if (table == "dataset")
    return {{"limit", fields.integer("limit", 0, 0)},
            {"allow_lost", fields.integer("allow_lost", 0, 0)},
            {"validation", fields.number("validation", 0, 0, 0.9)},
            {"shuffle_labels", fields.flag("shuffle_labels", false)}};
  if (table == "encoder") return {{"dtype", fields.choice("dtype", {"float32", "float16"})}};
  if (table == "task") {
    const auto* audio = fields.find("audio");
    return {{"audio", audio == nullptr ? Json::object() : read_audio(*audio)}};
  }
  return Json::object();
}

void check_assignment(const std::string& table, const std::string& name, const Value& value) {
  Value entry = value;
  entry.key = entry.key.empty() ? table + "." + name : entry.key;
  const auto& settings = setting_names(table);
  if (std::find(settings.begin(), settings.end(), name) == settings.end())
    return check_option(entry);
  entry.key = name;
  Value fields;
  fields.kind = Value::Kind::table;
  fields.position = value.position;
  fields.children.push_back(std::move(entry));
  read_settings(table, Fields(fields, "[" + table + "]", settings));
}

void read_components(const Value& root, Experiment& experiment) {
  std::vector<std::pair<const Value*, std::string>> trainings;  // and their datasets
  for (const auto& table : component_tables()) {
    const auto* section = root.find(table);
    if (section == nullptr) continue;
    if (!section->is_table())
      refuse_type(*section, table, "tables, each under [" + table + ".LABEL]");
    for (const auto& value : section->children) {
      experiment.components[table][value.key] = read_component(table, value);
      const auto* pretrain = can_be_pretrained(table) ? value.find("pretrain") : nullptr;
      if (pretrain == nullptr) continue;
      const auto trainee = table + "." + value.key;
      auto& trainer = experiment.components["pretrain"][trainee] =
          read_pretrain(*pretrain, trainee);
      trainings.emplace_back(pretrain->find("dataset"), trainer.dataset);
    }
  }
  const auto datasets = labels(experiment, "dataset");
  const auto check = [&](const Value& value, const std::string& label) {
    if (std::find(datasets.begin(), datasets.end(), label) == datasets.end())
      refuse_unknown(value.position, "dataset", label, datasets);
  };
  for (const auto& [label, task] : experiment.components["task"])
    if (!task.dataset.empty())
      check(*root.find("task")->find(label)->find("dataset"), task.dataset);
  for (const auto& [label, encoder] : experiment.components["encoder"])
    for (const auto& dataset : encoder.in_domain)
      check(*root.find("encoder")->find(label)->find("in_domain"), dataset.get<std::string>());
  for (const auto& [value, dataset] : trainings)
    check(*value, dataset);
}

}  // namespace earshot::host
