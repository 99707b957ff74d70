#include "host/store/queries.hpp"

#include <sstream>

#include "host/store/embedded.hpp"

namespace earshot::host {

/// Each query begins with a line `-- name: summary`.
const std::vector<NamedQuery>& named_queries() {
  static const auto queries = [] {
    std::vector<NamedQuery> found;
    std::istringstream lines{std::string(queries_sql)};
    for (std::string line; std::getline(lines, line);) {
      const auto colon = line.find(": ");
      if (line.starts_with("-- ") && colon != std::string::npos) {
        found.push_back({line.substr(3, colon - 3), line.substr(colon + 2), ""});
      } else if (!found.empty()) {
        found.back().sql += line + '\n';
      }
    }
    return found;
  }();
  return queries;
}

}  // namespace earshot::host
