#pragma once
#include <sstream>
#include <string>
#include <vector>

// Commands and queries in the text of a page or of a command's help.

namespace earshot::testing {

/// What follows `program` in the indented lines that begin with it, without the comments after
/// them.
inline std::vector<std::string> commands_in(const std::string& text, const std::string& program) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string::npos || begin < 2 || !line.substr(begin).starts_with(program))
      continue;
    line = line.substr(begin + program.size());
    if (const auto comment = line.find("  #"); comment != std::string::npos) line.erase(comment);
    found.push_back(line);
  }
  return found;
}

/// The queries between "```sql" and "```" lines.
inline std::vector<std::string> sql_in(const std::string& text) {
  std::vector<std::string> blocks;
  std::istringstream lines(text);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = line == "```sql";
      if (inside) blocks.emplace_back();
    } else if (inside) {
      blocks.back() += line + '\n';
    }
  }
  return blocks;
}

}  // namespace earshot::testing
