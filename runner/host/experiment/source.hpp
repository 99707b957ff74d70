#pragma once
#include <functional>
#include <string>
#include <vector>

#include "host/experiment/value.hpp"

namespace earshot::host {

/// The text of a file. @throws Failure (usage)
using ReadText = std::function<std::string(const std::string& file)>;

/// The file's TOML merged over everything that it extends, then --set, then environment variables;
/// without `experiment.extends`.
/// @throws Failure (usage) for a missing file, invalid TOML or a cycle.
Value load(const std::string& file, const std::vector<std::string>& set, const ReadText& read);

/// Whole content of a file on disk. @throws Failure (usage)
std::string read_text(const std::string& file);

}  // namespace earshot::host
