#pragma once
#include <string>
#include <string_view>
#include <vector>

// How messages suggest and list names, in the SDK, the kit and the runner.

namespace earshot::shared {

/// The known name that a mistyped or shortened one most likely meant: the shortest that begins with
/// it, or the nearest by letters to add, drop, change or swap. "" if more than a third differ.
std::string nearest(std::string_view name, const std::vector<std::string>& known);

/// "; did you mean 'mels'?" or "", for error messages.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& known);

/// "a, b, c"; with `quote` "'a', 'b', 'c'".
std::string join(const std::vector<std::string>& words, bool quote = false);

/// "'a', 'b', 'c'"; of many names the first ten: "... and 5 more".
std::string listed(const std::vector<std::string>& names);

}  // namespace earshot::shared
