#pragma once
#include <string_view>

namespace earshot::host {

/// The .sql files of this folder, built into the program.
extern const std::string_view schema_sql, views_sql, queries_sql;

}  // namespace earshot::host
