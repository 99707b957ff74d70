#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace earshot::protocol {

/// The known name that a mistyped or shortened one most likely meant; "" when none is near: more
/// than a third of the letters differ.
std::string nearest(std::string_view name, const std::vector<std::string>& known);

/// "; did you mean 'mels'?" or "", for error messages.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& known);

/// "a, b, c"; with `quote` "'a', 'b', 'c'".
std::string join(const std::vector<std::string>& words, bool quote = false);

}  // namespace earshot::protocol
