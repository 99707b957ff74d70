#pragma once
#include <algorithm>
#include <string_view>

namespace earshot::worker {

/// Whether `name` is [a-z0-9_]+, as names of plugins, components, options, labels, metrics are.
inline bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace earshot::worker
