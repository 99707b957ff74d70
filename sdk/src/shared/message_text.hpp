#pragma once
#include <string>
#include <string_view>

// How messages write numbers and texts, in the SDK, the kit and the runner.

namespace earshot::shared {

/// A number as the runner's JSON has it, the shortest text that reads back to the same number:
/// 1000.0, 0.0001, 1e-05, 1e+20. JSON has none for what is not finite: nan, inf, -inf.
std::string json_text(double number);

/// The same, but 1000 instead of 1000.0.
std::string number_text(double number);

/// A text as the runner's JSON has it: in double quotes, with quotes, backslashes and control
/// characters escaped.
std::string json_text(std::string_view text);

/// A name in single quotes. A quote or control character in it is escaped, so that it is clear
/// where the name ends and what it consists of. Backslashes stay: names of files have them (\xE9).
std::string in_quotes(std::string_view name);

}  // namespace earshot::shared
