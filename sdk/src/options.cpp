#include <algorithm>
#include <stdexcept>

#include <earshot/options.hpp>

#include "shared/option_rules.hpp"
#include "shared/option_value.hpp"

namespace earshot {

namespace {

std::string as_json(bool flag) {
  return flag ? "true" : "false";
}
std::string as_json(std::int64_t integer) {
  return std::to_string(integer);
}
std::string as_json(double number) {
  return shared::json_text(number);
}
std::string as_json(const std::string& text) {
  return shared::json_text(text);
}
std::string as_json(const Path& path) {
  return as_json(path.path.string());
}
std::string as_json(const Weights& weights) {
  return as_json(weights.source);
}
template <class T>
std::string as_json(const std::vector<T>& list) {
  std::string text(1, '[');
  for (const auto& element : list) {
    if (text.size() > 1) text += ',';
    text += as_json(element);
  }
  return text += ']';
}

shared::GivenValue view(const OptionSpec& spec, const OptionValue& value) {
  const bool widened =
      std::holds_alternative<std::int64_t>(value) && std::holds_alternative<double>(spec.value);
  shared::GivenValue given{.has_type = widened || value.index() == spec.value.index()};
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    given.numbers = {static_cast<double>(*integer)};
  if (const auto* number = std::get_if<double>(&value)) given.numbers = {*number};
  if (const auto* text = std::get_if<std::string>(&value)) given.texts = {*text};
  if (const auto* numbers = std::get_if<std::vector<double>>(&value)) given.numbers = *numbers;
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) given.texts = *texts;
  given.shown = std::visit([](const auto& v) { return as_json(v); }, value);
  return given;
}

}  // namespace

Options::Options(const OptionSchema& schema, const std::map<std::string, OptionValue>& given) {
  const auto type_of = [](const OptionSpec& spec) { return shared::type_of(spec.value); };
  if (const auto problem = shared::find_problem(schema, given, "", type_of, view))
    throw ConfigError(problem->message);
  for (const auto& spec : schema) {
    const auto found = given.find(spec.name);
    auto& value = values_[spec.name] = found == given.end() ? spec.value : found->second;
    const auto* integer = std::get_if<std::int64_t>(&value);
    if (integer != nullptr && std::holds_alternative<double>(spec.value))
      value = static_cast<double>(*integer);
  }
}

namespace {

template <class T, class Values>
const T& find(const Values& values, std::string_view name) {
  const auto found = values.find(name);
  if (found == values.end())
    throw std::logic_error("the schema has no option " + shared::in_quotes(name));
  if (const T* value = std::get_if<T>(&found->second)) return *value;
  throw std::logic_error("option " + shared::in_quotes(name) + " is declared as " +
                         shared::facts_of(shared::type_of(found->second)).phrase);
}

}  // namespace

bool Options::flag(std::string_view name) const {
  return find<bool>(values_, name);
}
std::int64_t Options::integer(std::string_view name) const {
  return find<std::int64_t>(values_, name);
}
double Options::number(std::string_view name) const {
  return find<double>(values_, name);
}
const std::string& Options::text(std::string_view name) const {
  return find<std::string>(values_, name);
}
const std::filesystem::path& Options::path(std::string_view name) const {
  return find<Path>(values_, name).path;
}
const Weights& Options::weights(std::string_view name) const {
  return find<Weights>(values_, name);
}
const std::vector<double>& Options::numbers(std::string_view name) const {
  return find<std::vector<double>>(values_, name);
}
const std::vector<std::string>& Options::texts(std::string_view name) const {
  return find<std::vector<std::string>>(values_, name);
}

}  // namespace earshot
