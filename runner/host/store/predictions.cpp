#include "host/store/predictions.hpp"

#include "host/store/inside.hpp"

namespace earshot::host {

std::optional<Said> first_prediction(const Store& store) {
  Statement row(connection_of(store), "SELECT value, output FROM prediction LIMIT 1");
  if (!row.step()) return std::nullopt;
  return Said{row.text(0), row.text(1)};
}

}  // namespace earshot::host
