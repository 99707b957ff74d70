#pragma once
#include <string>

#include "protocol/json.hpp"

namespace earshot::host {

/// What changed between the identities of a cell and of the one with the same axes before:
/// "log_mel.so changed (9b1f -> c204), task option 'lr' changed (0.1 -> 0.2)".
std::string changes(const protocol::Json& before, const protocol::Json& now);

}  // namespace earshot::host
