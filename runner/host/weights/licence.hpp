#pragma once
#include <string>

#include "protocol/json.hpp"

namespace earshot::host {

/// The licence that a model card names: `license` in the metadata, or `license_name` if that is
/// "other"; several are joined by ", "; "" for none.

/// @param model the hub's answer for a model, with the metadata in `cardData`
std::string licence_of_model(const protocol::Json& model);
/// @param readme README.md, which begins with the metadata as YAML between two '---' lines
std::string licence_of_readme(const std::string& readme);

}  // namespace earshot::host
