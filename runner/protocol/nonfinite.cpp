#include "protocol/nonfinite.hpp"

#include <cmath>
#include <limits>

#include "protocol/path_text.hpp"

namespace earshot::protocol {

namespace {

constexpr const char* mark = "$number";

bool is_special(const Json& value) {
  return value.is_number_float() && !std::isfinite(value.get_ref<const double&>());
}

bool holds_special(const Json& value) {
  if (!value.is_structured()) return is_special(value);
  for (const auto& element : value)
    if (holds_special(element)) return true;
  return false;
}

void write_words(Json& value) {
  if (is_special(value)) {
    const auto number = value.get<double>();
    value = {{mark, std::isnan(number) ? "nan" : number > 0 ? "+inf" : "-inf"}};
  } else if (value.is_structured()) {
    for (auto& element : value)
      write_words(element);
  }
}

void read_words(Json& value) {
  if (value.is_object() && value.size() == 1 && value.contains(mark)) {
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    const auto& word = value.at(mark);
    if (word == "nan")
      value = std::numeric_limits<double>::quiet_NaN();
    else if (word == "+inf")
      value = infinity;
    else if (word == "-inf")
      value = -infinity;
  } else if (value.is_structured()) {
    for (auto& element : value)
      read_words(element);
  }
}

}  // namespace

std::string to_text(const Json& value) {
  const auto written = [](const Json& json) {
    try {
      return json.dump(-1, ' ', false, Json::error_handler_t::strict);
    } catch (const Json::type_error&) {
      return readable_json(json).dump(-1, ' ', false, Json::error_handler_t::strict);
    }
  };
  if (!holds_special(value)) return written(value);
  auto copy = value;
  write_words(copy);
  return written(copy);
}

Json from_text(std::string_view text) {
  auto value = Json::parse(text, nullptr, false);
  if (text.find("\"$number\"") != std::string_view::npos) read_words(value);
  return value;
}

}  // namespace earshot::protocol
