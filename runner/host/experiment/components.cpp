#include <algorithm>

#include "host/experiment/read.hpp"
#include "host/experiment/sources.hpp"
#include "protocol/enum_names.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

EARSHOT_JSON_DEFINITIONS(AudioOverrides)

namespace {

bool can_be_pretrained(Table table) {
  return table == Table::encoder || table == Table::language_model;
}

}  // namespace

Settings default_settings(Table table) {
  if (table == Table::dataset) return DatasetSettings{};
  if (table == Table::encoder) return EncoderSettings{};
  if (table == Table::task) return TaskSettings{};
  return {};
}

const std::vector<std::string>& setting_names(Table table) {
  static const std::vector<std::string> none,
      dataset{"limit", "allow_lost", "validation", "shuffle_labels"}, encoder{"dtype", "from"},
      task{"audio"};
  if (table == Table::dataset) return dataset;
  if (table == Table::encoder) return encoder;
  return table == Table::task ? task : none;
}

std::vector<std::string> component_keys(Table table) {
  auto keys = setting_names(table);
  keys.insert(keys.end(), {"use", "options"});
  if (can_be_pretrained(table)) keys.push_back("pretrain");
  if (table == Table::encoder) keys.insert(keys.end(), {"pretrain_data", "in_domain"});
  if (table == Table::task) keys.push_back("dataset");
  return keys;
}

namespace {

AudioOverrides read_audio(const Value& value) {
  const Fields fields(value, "audio", {"crop", "pad", "max_seconds", "min_seconds"});
  AudioOverrides audio;
  const auto choice = [&](const char* key, const auto& names, auto& chosen) {
    if (fields.find(key) != nullptr) chosen = fields.choice(key, {names.begin(), names.end()});
  };
  choice("crop", protocol::crop_names, audio.crop);
  choice("pad", protocol::pad_names, audio.pad);
  if (fields.find("max_seconds") != nullptr) audio.max_seconds = fields.number("max_seconds", 0, 0);
  if (fields.find("min_seconds") != nullptr) audio.min_seconds = fields.number("min_seconds", 0, 0);
  return audio;
}

void read(const Fields&, std::monostate&) {}

void read(const Fields& fields, DatasetSettings& settings) {
  settings.limit = fields.integer("limit", settings.limit, 0);
  settings.allow_lost = fields.integer("allow_lost", settings.allow_lost, 0);
  settings.validation = fields.number("validation", settings.validation, 0, 0.9);
  settings.shuffle_labels = fields.flag("shuffle_labels", settings.shuffle_labels);
}

void read(const Fields& fields, EncoderSettings& settings) {
  if (fields.find("dtype") != nullptr)
    settings.dtype = fields.choice("dtype", {"float32", "float16"});
  if (const auto* from = fields.find("from")) {
    settings.from = fields.texts("from");
    if (settings.from.empty())
      refuse(from->position, "from names no encoder; expected one or more labels");
  }
}

void read(const Fields& fields, TaskSettings& settings) {
  if (const auto* audio = fields.find("audio")) settings.audio = read_audio(*audio);
}

/// Replaces the settings that the table has; it may have other keys too.
void read_settings(const Fields& fields, Settings& settings) {
  std::visit([&](auto& own) { read(fields, own); }, settings);
}

/// Gives one setting a value.
void set(Settings& settings, Table table, Value entry) {
  Value fields;
  fields.kind = Value::Kind::table;
  fields.position = entry.position;
  fields.children.push_back(std::move(entry));
  read_settings(Fields(fields, "[" + name_of(table) + "]", setting_names(table)), settings);
}

bool is_setting(Table table, const std::string& name) {
  const auto& settings = setting_names(table);
  return std::find(settings.begin(), settings.end(), name) != settings.end();
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

Pretraining read_pretrain(const Value& value, Table table, const std::string& label) {
  const auto trainee = name_of(table) + "." + label;
  const Fields fields(value, "[" + trainee + ".pretrain]", {"use", "dataset", "options", "set"});
  Pretraining pretraining;
  pretraining.trainee_options = fields.table("set");
  if (const auto* changes = fields.find("set"))
    for (const auto& option : changes->children)
      check_option(option);
  auto& trainer = pretraining.trainer;
  trainer.table = Table::pretrain;
  trainer.label = trainee;
  trainer.position = value.key_position;
  trainer.use = fields.required_text("use");
  pretraining.dataset = fields.required_text("dataset");
  read_options(fields, trainer);
  return pretraining;
}

Component read_component(Table table, const Value& value) {
  check_plain_name(value.key_position, "the label", value.key);
  const auto title = "[" + name_of(table) + "." + value.key + "]";
  const Fields fields(value, title, component_keys(table));
  Component component;
  component.table = table;
  component.label = value.key;
  component.position = value.key_position;
  component.use = fields.required_text("use");
  component.settings = default_settings(table);
  read_settings(fields, component.settings);
  component.dataset = fields.text("dataset");
  if (value.find("pretrain_data") != nullptr)
    component.pretrain_data = fields.texts("pretrain_data");
  if (value.find("in_domain") != nullptr) component.in_domain = fields.texts("in_domain");
  read_options(fields, component);
  if (const auto* from = value.find("from")) component.option_positions["from"] = from->position;
  return component;
}

/// Checks that all datasets that components name are defined.
void check_datasets(const Value& root, const Experiment& experiment) {
  const auto datasets = experiment.labels(Table::dataset);
  const auto check = [&](const Value& value, const std::string& label) {
    if (std::find(datasets.begin(), datasets.end(), label) == datasets.end())
      refuse_unknown(value.position, "dataset", label, datasets);
  };
  const auto written = [&](Table table, const std::string& label) -> const Value& {
    return *root.find(name_of(table))->find(label);
  };
  for (const auto& [table, components] : experiment.components)
    for (const auto& [label, component] : components) {
      if (!component.dataset.empty())
        check(*written(table, label).find("dataset"), component.dataset);
      for (const auto& dataset : component.in_domain.value_or(std::vector<std::string>{}))
        check(*written(table, label).find("in_domain"), dataset);
    }
  for (const auto& [trainee, pretraining] : experiment.pretrainings)
    check(*written(trainee.first, trainee.second).find("pretrain")->find("dataset"),
          pretraining.dataset);
}

}  // namespace

void assign(Component& component, const std::string& name, const Json& value,
            const Position& position) {
  if (is_setting(component.table, name)) {
    auto entry = from_json(value, position);
    entry.key = name;
    set(component.settings, component.table, std::move(entry));
    if (name == "from") component.option_positions[name] = position;
  } else {
    component.options[name] = value;
    component.option_positions[name] = position;
  }
}

void check_assignment(Table table, const std::string& name, const Value& value) {
  auto entry = value;
  if (!is_setting(table, name)) {
    entry.key = entry.key.empty() ? name_of(table) + "." + name : entry.key;
    return check_option(entry);
  }
  entry.key = name;
  auto settings = default_settings(table);
  set(settings, table, std::move(entry));
}

void read_components(const Value& root, Experiment& experiment) {
  for (const auto& name : component_tables()) {
    const auto* section = root.find(name);
    if (section == nullptr) continue;
    if (!section->is_table())
      refuse_type(*section, name, "tables, each under [" + name + ".LABEL]");
    const auto table = *table_named(name);
    for (const auto& value : section->children) {
      experiment.components[table][value.key] = read_component(table, value);
      const auto* pretrain = can_be_pretrained(table) ? value.find("pretrain") : nullptr;
      if (pretrain != nullptr)
        experiment.pretrainings[{table, value.key}] = read_pretrain(*pretrain, table, value.key);
    }
  }
  check_datasets(root, experiment);
  for (const auto& label : experiment.labels(Table::encoder))
    check_sources(experiment, *experiment.find(Table::encoder, label));
}

}  // namespace earshot::host
