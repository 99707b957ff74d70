#include "protocol/json.hpp"

#include <cmath>
#include <stdexcept>

namespace earshot::protocol {

namespace {

void check_finite(const Json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>()))
    throw std::invalid_argument("a number that is not finite has no canonical form");
  if (value.is_structured())
    for (const auto& element : value)
      check_finite(element);
}

}  // namespace

std::string canonical(const Json& value) {
  check_finite(value);
  return value.dump(-1, ' ', false, Json::error_handler_t::strict);
}

std::string json_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace earshot::protocol
