#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace earshot::kit {

/// "; did you mean 'label'?" where one of the known names is like this one (no more than half of
/// its letters differ), or "".
std::string did_you_mean(std::string_view name, const std::vector<std::string>& known);

/// "'a', 'b', 'c'", of many names the first ten.
std::string listed(const std::vector<std::string>& names);

}  // namespace earshot::kit
