#pragma once
#include <string>
#include <vector>

namespace earshot::host {

/// A ready-made query of queries.sql. Its parameters (":experiment") may be left NULL.
struct NamedQuery {
  std::string name{}, summary{}, sql{};
};

/// In the order of the file.
const std::vector<NamedQuery>& named_queries();

}  // namespace earshot::host
