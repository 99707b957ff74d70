#pragma once
#include <string>

#include "host/experiment/matrix.hpp"

namespace earshot::host {

/// Whether all conditions hold. A cell without the axis meets none on it.
bool holds(const Match& match, const Cell& cell);

/// A value of an axis as messages, claims and the command line write it.
std::string written(const Json& value);

}  // namespace earshot::host
