#pragma once
#include <string>

#include "protocol/json.hpp"

namespace earshot::host {

/// The licence that a model card names: `license` of the metadata, or `license_name` where that is
/// "other"; several joined by ", "; "" for none.

/// @param model the hub's answer about a model, with the metadata in `cardData`
std::string licence_of_model(const protocol::Json& model);
/// @param readme README.md, with the metadata as YAML between two lines '---' at its begin
std::string licence_of_readme(const std::string& readme);

}  // namespace earshot::host
