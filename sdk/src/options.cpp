#include <algorithm>
#include <numeric>
#include <stdexcept>

#include <earshot/options.hpp>

namespace earshot {

namespace {

constexpr const char* type_names[] = {"true or false",     "an integer",       "a number",
                                      "a string",          "a path",           "weights",
                                      "a list of numbers", "a list of strings"};

std::string show(double number) {
  auto text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Levenshtein distance; names are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto corner = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto change = corner + (a[i] != b[j]);
      corner = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, corner + 1});
    }
  }
  return row.back();
}

[[noreturn]] void refuse_unknown(const OptionSchema& schema, const std::string& key) {
  if (schema.empty()) throw ConfigError("unknown option '" + key + "'; there are no options");
  std::vector<std::string> names;
  for (const auto& spec : schema)
    names.push_back(spec.name);
  const auto nearest = *std::min_element(
      names.begin(), names.end(),
      [&](const auto& a, const auto& b) { return distance(a, key) < distance(b, key); });
  throw ConfigError("unknown option '" + key + "'; did you mean '" + nearest +
                    "'? Options: " + join(names));
}

void check_number(const OptionSpec& spec, double number) {
  if ((!spec.min || number >= *spec.min) && (!spec.max || number <= *spec.max)) return;
  const auto unit = spec.unit.empty() ? "" : " " + spec.unit;
  const auto allowed = spec.min && spec.max ? show(*spec.min) + " to " + show(*spec.max) + unit
                       : spec.min           ? show(*spec.min) + unit + " or more"
                                            : show(*spec.max) + unit + " or less";
  throw ConfigError("option '" + spec.name + "' is " + show(number) + "; allowed: " + allowed);
}

void check_text(const OptionSpec& spec, const std::string& text) {
  if (spec.choices.empty() ||
      std::find(spec.choices.begin(), spec.choices.end(), text) != spec.choices.end())
    return;
  throw ConfigError("option '" + spec.name + "' is '" + text + "'; allowed: " + join(spec.choices));
}

void check_value(const OptionSpec& spec, const OptionValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    check_number(spec, static_cast<double>(*integer));
  if (const auto* number = std::get_if<double>(&value)) check_number(spec, *number);
  if (const auto* text = std::get_if<std::string>(&value)) check_text(spec, *text);
  if (const auto* numbers = std::get_if<std::vector<double>>(&value))
    for (const auto number : *numbers)
      check_number(spec, number);
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value))
    for (const auto& text : *texts)
      check_text(spec, text);
}

}  // namespace

Options::Options(const OptionSchema& schema, const std::map<std::string, OptionValue>& given) {
  for (const auto& [key, value] : given) {
    const auto spec = std::find_if(schema.begin(), schema.end(),
                                   [&](const OptionSpec& s) { return s.name == key; });
    if (spec == schema.end()) refuse_unknown(schema, key);
    auto taken = value;
    const auto* integer = std::get_if<std::int64_t>(&value);
    if (integer != nullptr && std::holds_alternative<double>(spec->value))
      taken = static_cast<double>(*integer);
    if (taken.index() != spec->value.index())
      throw ConfigError("option '" + key + "' is " + type_names[value.index()] + "; expected " +
                        type_names[spec->value.index()]);
    check_value(*spec, taken);
    values_[key] = std::move(taken);
  }
  for (const auto& spec : schema) {
    if (values_.contains(spec.name)) continue;
    if (spec.required) throw ConfigError("option '" + spec.name + "' is required: " + spec.help);
    values_[spec.name] = spec.value;
  }
}

namespace {

template <class T, class Values>
const T& find(const Values& values, std::string_view name) {
  const auto found = values.find(name);
  if (found == values.end())
    throw std::logic_error("the schema has no option '" + std::string(name) + "'");
  if (const T* value = std::get_if<T>(&found->second)) return *value;
  throw std::logic_error("option '" + std::string(name) + "' is declared as " +
                         type_names[found->second.index()]);
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
