#include "protocol/path_text.hpp"
#include "worker/plugin/library.hpp"

namespace earshot::worker {

namespace {

using protocol::Json;
using protocol::OptionType;

OptionType type_of(const OptionValue& value) {
  // In the order of OptionValue's alternatives.
  constexpr OptionType types[] = {OptionType::flag,    OptionType::integer, OptionType::number,
                                  OptionType::text,    OptionType::path,    OptionType::weights,
                                  OptionType::numbers, OptionType::texts};
  return types[value.index()];
}

Json to_json(const OptionValue& value) {
  return std::visit(
      [](const auto& v) -> Json {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, Path>)
          return protocol::path_text(v.path);
        else if constexpr (std::is_same_v<T, Weights>)
          return {{"source", v.source}, {"path", protocol::path_text(v.path)}};
        else
          return v;
      },
      value);
}

OptionValue from_json(OptionType type, const Json& value) {
  switch (type) {
    case OptionType::flag:
      return value.get<bool>();
    case OptionType::integer:
      return value.get<std::int64_t>();
    case OptionType::number:
      return value.get<double>();
    case OptionType::text:
      return value.get<std::string>();
    case OptionType::path:
      return Path{protocol::path_of(value.get<std::string>())};
    case OptionType::weights:
      return Weights{value.at("source").get<std::string>(),
                     protocol::path_of(value.at("path").get<std::string>())};
    case OptionType::numbers:
      return value.get<std::vector<double>>();
    case OptionType::texts:
      return value.get<std::vector<std::string>>();
  }
  throw std::logic_error("an option type without a name");
}

std::string name_of(Role role) {
  switch (role) {
    case Role::none:
      return "";
    case Role::target_label:
      return "target_label";
    case Role::target_type:
      return "target_type";
    case Role::scoring:
      return "scoring";
    case Role::trained_state:
      return "trained_state";
    case Role::pretraining_data:
      return "pretraining_data";
    case Role::faulty_rows:
      return "faulty_rows";
  }
  throw std::logic_error("a role without a name");
}

protocol::OptionSpec describe(const OptionSpec& spec) {
  return {.name = spec.name,
          .type = type_of(spec.value),
          .value = to_json(spec.value),
          .help = spec.help,
          .unit = spec.unit,
          .min = spec.min ? Json(*spec.min) : Json(),
          .max = spec.max ? Json(*spec.max) : Json(),
          .choices = spec.choices,
          .required = spec.required,
          .affects_results = spec.affects_results,
          .role = name_of(spec.role)};
}

}  // namespace

protocol::ComponentInfo describe(const Component& component) {
  protocol::ComponentInfo info{
      .kind = component.kind, .name = component.name, .summary = component.summary};
  for (const auto& spec : component.options)
    info.options.push_back(describe(spec));
  for (const auto& [contract, face] : component.faces)
    if (contract != component.kind) info.abilities.push_back(contract);
  return info;
}

Options to_options(const OptionSchema& schema, const Json& values) {
  std::map<std::string, OptionValue> given;
  for (const auto& [key, value] : values.items()) {
    const auto spec = std::find_if(schema.begin(), schema.end(),
                                   [&](const OptionSpec& s) { return s.name == key; });
    try {
      // A key that the schema lacks is refused by Options, which knows the nearest one.
      given[key] = spec == schema.end() ? OptionValue() : from_json(type_of(spec->value), value);
    } catch (const Json::exception&) {
      throw ConfigError("option '" + key + "' is " + value.dump() + "; expected " +
                        Json(type_of(spec->value)).get<std::string>());
    }
  }
  return Options(schema, given);
}

}  // namespace earshot::worker
