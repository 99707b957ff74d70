#include "protocol/path_text.hpp"
#include "shared/option_value.hpp"
#include "worker/plugin/library.hpp"

namespace earshot::worker {

namespace {

using protocol::Json;

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

template <class T>
T read(const Json& value) {
  if constexpr (std::is_same_v<T, Path>)
    return Path{protocol::path_of(value.get<std::string>())};
  else if constexpr (std::is_same_v<T, Weights>)
    return Weights{value.at("source").get<std::string>(),
                   protocol::path_of(value.at("path").get<std::string>())};
  else
    return value.get<T>();
}

/// A value of the type that `example` has.
OptionValue from_json(const OptionValue& example, const Json& value) {
  return std::visit(
      [&](const auto& v) -> OptionValue { return read<std::decay_t<decltype(v)>>(value); },
      example);
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
    case Role::questions:
      return "questions";
  }
  throw std::logic_error("a role without a name");
}

protocol::OptionSpec describe(const OptionSpec& spec) {
  return {.name = spec.name,
          .type = shared::type_of(spec.value),
          .value = to_json(spec.value),
          .help = spec.help,
          .unit = spec.unit,
          .min = spec.min ? protocol::OrNull<double>(*spec.min) : std::nullopt,
          .max = spec.max ? protocol::OrNull<double>(*spec.max) : std::nullopt,
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
      // A key that the schema lacks is refused by Options, which suggests the nearest one.
      given[key] = spec == schema.end() ? OptionValue() : from_json(spec->value, value);
    } catch (const Json::exception&) {
      throw ConfigError("option " + shared::in_quotes(key) + " is " + protocol::json_text(value) +
                        "; expected " + shared::facts_of(shared::type_of(spec->value)).phrase +
                        ".");
    }
  }
  return Options(schema, given);
}

}  // namespace earshot::worker
