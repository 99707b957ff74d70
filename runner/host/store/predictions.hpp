#pragma once
#include <optional>
#include <string>

#include "host/store/store.hpp"

// What runs said item by item.

namespace earshot::host {

struct Said {
  std::string value{};   ///< class, number or JSON list of classes; "" when none was settled on
  std::string output{};  ///< raw text of a language model; ""
};

/// Of a file that holds what was said about a single item; nothing when nothing was said.
std::optional<Said> first_prediction(const Store& store);

}  // namespace earshot::host
