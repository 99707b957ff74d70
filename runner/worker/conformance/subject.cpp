#include "worker/conformance/subject.hpp"

#include <algorithm>
#include <filesystem>

#include <earshot/kit/testing.hpp>

#include "protocol/option_text.hpp"
#include "worker/conformance/check.hpp"

namespace earshot::worker {

namespace {

using protocol::Json;
using protocol::OptionType;

/// Weights that are on this machine; otherwise random ones.
Json resolved(const Json& weights) {
  const auto source = weights.at("source").get<std::string>();
  if (source != "random" && std::filesystem::exists(source))
    return {{"source", source}, {"path", std::filesystem::absolute(source).string()}};
  return {{"source", "random"}, {"path", ""}};
}

/// Each of `values` once for every label of the synthetic trial.
std::vector<Json> with_labels(const std::vector<Json>& values, const std::string& option) {
  std::vector<Json> all;
  for (const auto& value : values)
    for (const auto* label : kit::SyntheticTrial::label_names) {
      all.push_back(value);
      all.back()[option] = label;
    }
  return all;
}

}  // namespace

bool names_no_label(const Component& component, const std::string& option, const Json& values) {
  const bool is_target = std::any_of(
      component.options.begin(), component.options.end(),
      [&](const auto& spec) { return spec.name == option && spec.role == Role::target_label; });
  if (!is_target || !values.contains(option)) return false;
  const auto& names = kit::SyntheticTrial::label_names;
  return std::find(names.begin(), names.end(), values.at(option)) == names.end();
}

Subject::Subject(const std::string& plugin, const std::string& component, const Json& options)
    : plugin_(plugin), options_(options) {
  if (component.empty()) return;
  component_ = &library().components.at(component);
  const auto schema = describe(*component_).options;
  const auto values = protocol::typed(schema, options);
  Json given = Json::object();
  std::vector<std::string> free_texts;
  constexpr std::int64_t few_steps = 20;  // of a training: enough to tell whether it works
  for (const auto& spec : schema) {
    if (names_no_label(*component_, spec.name, values)) {
      free_texts.push_back(spec.name);
      given[spec.name] = "";
    } else if (values.contains(spec.name)) {
      given[spec.name] = values.at(spec.name);
    } else if (spec.name == "max_steps" && spec.type == OptionType::integer &&
               component_->kind == Evaluator::contract) {
      given[spec.name] = few_steps;
    } else if (spec.required && spec.type == OptionType::text && spec.choices.empty() &&
               component_->kind == Evaluator::contract) {
      free_texts.push_back(spec.name);
      given[spec.name] = "";
    } else if (spec.required) {
      lacking_ = "option '" + spec.name + "' is required: " + spec.help + ". Give --option " +
                 spec.name + "=...";
    }
  }
  if (!lacking_.empty()) return;
  try {
    variants_ = {
        protocol::complete(schema, given, component, std::filesystem::current_path().string())};
  } catch (const protocol::OptionError& error) {
    fail(error.what());
  }
  for (const auto& spec : schema)
    if (spec.type == OptionType::weights)
      variants_[0][spec.name] = resolved(variants_[0][spec.name]);
  for (const auto& option : free_texts)
    variants_ = with_labels(variants_, option);
}

const std::vector<Json>& Subject::variants() const {
  if (variants_.empty()) skip(lacking_);
  return variants_;
}

ComponentInstance Subject::make_unguarded(const Json& values) const {
  return worker::make({plugin_, component_->name, values}, c10::kCPU, 1);
}

ComponentInstance Subject::make(const Json& values) const {
  try {
    return make_unguarded(values);
  } catch (const Error& error) {
    skip(std::string("not constructed: ") + error.what());
  }
}

ComponentInstance Subject::make() const {
  for (std::size_t i = 0; i + 1 < variants().size(); ++i) {
    try {
      return make_unguarded(variants_[i]);
    } catch (const ConfigError&) {
      continue;
    }
  }
  return make(variants_.back());
}

}  // namespace earshot::worker
