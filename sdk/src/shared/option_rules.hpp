#pragma once
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/message_text.hpp"
#include "shared/nearest.hpp"

// The types of options, and what is checked and said about their values. The SDK's Options and
// protocol::complete() both use it, so that a plugin tested alone gives the messages of the host.
//
// A Spec is either OptionSpec, the SDK's or the protocol's: it has the members name, help, unit,
// min and max (optional), choices and required.

namespace earshot::shared {

/// In the order of the alternatives of earshot::OptionValue, see option_value.hpp.
enum class OptionType { flag, integer, number, text, path, weights, numbers, texts };

enum class ElementType { flag, integer, number, text };

struct OptionTypeFacts {
  OptionType type;
  const char* name;     ///< in messages between host and worker
  const char* title;    ///< for users, in the words of TOML and Python
  const char* phrase;   ///< "expected ..."
  ElementType element;  ///< as users write it, or each of a list
  bool list = false;
};

inline constexpr std::array<OptionTypeFacts, 8> option_types{{
    {OptionType::flag, "flag", "bool", "true or false", ElementType::flag},
    {OptionType::integer, "integer", "integer", "an integer", ElementType::integer},
    {OptionType::number, "number", "number", "a number", ElementType::number},
    {OptionType::text, "text", "string", "a string", ElementType::text},
    {OptionType::path, "path", "path", "a path (a string)", ElementType::text},
    {OptionType::weights, "weights", "weights", "weights (a path, hf://owner/repo or random)",
     ElementType::text},
    {OptionType::numbers, "numbers", "list of numbers", "a list of numbers", ElementType::number,
     true},
    {OptionType::texts, "texts", "list of strings", "a list of strings", ElementType::text, true},
}};

constexpr const OptionTypeFacts& facts_of(OptionType type) {
  return option_types[static_cast<std::size_t>(type)];
}

static_assert(
    [] {
      for (std::size_t i = 0; i < option_types.size(); ++i)
        if (option_types[i].type != static_cast<OptionType>(i)) return false;
      return true;
    }(),
    "option_types has a row for each OptionType, in the same order");

/// "1 to 512 bands", "'hann', 'hamming'", "0 or more": what a value may be; "" if anything.
template <class Spec>
std::string allowed(const Spec& spec) {
  if (!spec.choices.empty()) return join(spec.choices, true);
  if (!spec.min && !spec.max) return "";
  const auto unit = spec.unit.empty() ? "" : " " + spec.unit;
  if (!spec.max) return number_text(*spec.min) + unit + " or more";
  if (!spec.min) return number_text(*spec.max) + unit + " or less";
  return number_text(*spec.min) + " to " + number_text(*spec.max) + unit;
}

/// A given value as the rules see it.
struct GivenValue {
  bool has_type = false;             ///< that of its option
  std::vector<double> numbers{};     ///< it, or its elements, if they are numbers
  std::vector<std::string> texts{};  ///< likewise
  std::string shown{};               ///< for messages, as JSON
};

/// Whether a value of the right type is within the bounds and among the choices.
template <class Spec>
bool is_allowed(const Spec& spec, const GivenValue& value) {
  const auto in_bounds = [&](double number) {
    return (!spec.min || number >= *spec.min) && (!spec.max || number <= *spec.max);
  };
  const auto is_choice = [&](const std::string& text) {
    return spec.choices.empty() ||
           std::find(spec.choices.begin(), spec.choices.end(), text) != spec.choices.end();
  };
  return std::all_of(value.numbers.begin(), value.numbers.end(), in_bounds) &&
         std::all_of(value.texts.begin(), value.texts.end(), is_choice);
}

struct OptionProblem {
  std::string option{}, message{};
};

/// Checks the values that a component is given by name; what is wrong with the first that is
/// unknown, of another type or not allowed, or with a required one that is missing.
/// @param type_of  type_of(spec) is the OptionType of an option
/// @param view     view(spec, value) is the value as a GivenValue
/// @param of       " of " and the component, for messages; or ""
template <class Spec, class Given, class TypeOf, class View>
std::optional<OptionProblem> find_problem(const std::vector<Spec>& schema, const Given& given,
                                          const std::string& of, const TypeOf& type_of,
                                          const View& view) {
  std::vector<std::string> names, seen;
  for (const auto& spec : schema)
    names.push_back(spec.name);
  for (const auto& [key, value] : given) {
    const std::string name = key;
    const auto place = std::find(names.begin(), names.end(), name);
    if (place == names.end()) {
      const auto near = did_you_mean(name, names);
      return OptionProblem{
          name, "unknown option " + in_quotes(name) + of + (near.empty() ? "." : near) +
                    (names.empty() ? " It has no options." : " Options: " + join(names) + ".")};
    }
    const auto& spec = schema[static_cast<std::size_t>(place - names.begin())];
    const GivenValue checked = view(spec, value);
    const auto is = "option " + in_quotes(name) + of + " is " + checked.shown;
    if (!checked.has_type)
      return OptionProblem{name, is + "; expected " + facts_of(type_of(spec)).phrase + "."};
    if (!is_allowed(spec, checked))
      return OptionProblem{name, is + "; allowed: " + allowed(spec) + "."};
    seen.push_back(name);
  }
  for (const auto& spec : schema)
    if (spec.required && std::find(seen.begin(), seen.end(), spec.name) == seen.end())
      return OptionProblem{
          spec.name, "option " + in_quotes(spec.name) + of + " is required: " + spec.help + "."};
  return std::nullopt;
}

}  // namespace earshot::shared
